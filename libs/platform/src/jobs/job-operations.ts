import type { Job, Queue } from 'bull';
import { unavailable } from '../errors/problem.js';
import { TimeoutError, withTimeout } from '../timing/with-timeout.js';

/** How many jobs of a queue are in each state. Repeated sweeps are delayed until they are due. */
export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

export interface FailedJob {
  readonly id: string;
  readonly name: string;
  /** The first line of its error, without mail addresses. */
  readonly error: string;
  readonly attempts: number;
  /** The ids in its data. The other data of a job is not shown: it may be personal. */
  readonly ids: Readonly<Record<string, string>>;
  readonly addedAt: Date;
  readonly failedAt: Date;
}

/** Where a list of failed jobs continues. */
export interface FailedJobPosition {
  readonly failedAt: number;
  readonly id: string;
}

/** Why a job can be neither retried nor discarded. `not-failed`: it waits, runs or is delayed. */
export type JobObstacle = 'not-found' | 'not-failed';
export type JobOutcome = 'done' | JobObstacle;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_ERROR = 500;
const TIMEOUT_MS = 10_000;

/** The jobs of a Bull queue. For operators. */
export class JobOperations {
  constructor(
    private readonly queue: Queue,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  async counts(): Promise<JobCounts> {
    const [{ waiting, active, delayed, failed }, paused] = await this.#inTime(() =>
      Promise.all([this.queue.getJobCounts(), this.queue.getPausedCount()]),
    );
    return { waiting: waiting + paused, active, delayed, failed };
  }

  /** The newest first, from the first one after the position `after`. Bull keeps the newest (`JOB_RETENTION`). */
  listFailed(limit: number, after: FailedJobPosition | null = null): Promise<FailedJob[]> {
    return this.#inTime(() => this.#listFailed(limit, after));
  }

  async #listFailed(limit: number, after: FailedJobPosition | null): Promise<FailedJob[]> {
    const newest = after === null ? '+inf' : String(after.failedAt);
    const { client } = this.queue;
    const found = await client.zrevrangebyscore(this.queue.toKey('failed'), newest, '-inf', 'WITHSCORES');
    const ids = found.filter(
      // Jobs that failed at the same time are in the descending order of their ids.
      (id, index) =>
        index % 2 === 0 && (after === null || Number(found[index + 1]) < after.failedAt || id < after.id),
    );
    const jobs: (Job | null)[] = await Promise.all(ids.map((id) => this.queue.getJob(id)));
    // A job may have been retried or discarded meanwhile.
    return jobs
      .filter((job) => job !== null)
      .slice(0, limit)
      .map(toFailedJob);
  }

  /** Why the job can be neither retried nor discarded; null if it can. */
  obstacle(id: string): Promise<JobObstacle | null> {
    return this.#inTime(async () => obstacleTo(await this.queue.getJob(id)));
  }

  /** Adds a failed job to the end of the queue again. */
  retry(id: string): Promise<JobOutcome> {
    return this.#inTime(() => this.#ofFailed(id, (job) => job.retry()));
  }

  discard(id: string): Promise<JobOutcome> {
    return this.#inTime(() => this.#ofFailed(id, (job) => job.remove()));
  }

  async #ofFailed(id: string, act: (job: Job) => Promise<void>): Promise<JobOutcome> {
    const job: Job | null = await this.queue.getJob(id);
    const obstacle = await obstacleTo(job);
    if (!job || obstacle) return obstacle ?? 'not-found';
    try {
      await act(job);
    } catch (error) {
      // Another operator may have retried or discarded it meanwhile.
      if (await job.isFailed()) throw error;
      return 'not-failed';
    }
    return 'done';
  }

  /** Bull's commands would wait until Redis is back. */
  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    if (this.queue.client.status !== 'ready') throw unavailable('Redis is not connected.');
    try {
      return await withTimeout(work(), this.timeoutMs);
    } catch (error) {
      throw error instanceof TimeoutError ? unavailable('Redis does not respond.') : error;
    }
  }
}

async function obstacleTo(job: Job | null): Promise<JobObstacle | null> {
  if (!job) return 'not-found';
  return (await job.isFailed()) ? null : 'not-failed';
}

function toFailedJob({ id, name, failedReason, attemptsMade, data, timestamp, finishedOn }: Job): FailedJob {
  return {
    id: String(id),
    name,
    error: errorOf(failedReason ?? ''),
    attempts: attemptsMade,
    ids: idsIn(data),
    addedAt: new Date(timestamp),
    failedAt: new Date(finishedOn ?? timestamp),
  };
}

/** Later lines of a database error may quote values. */
const errorOf = (reason: string): string =>
  (reason.split('\n')[0] ?? '').replaceAll(/[^\s@]+@[^\s@]+/g, '…@…').slice(0, MAX_ERROR);

const idsIn = (data: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((data ?? {}) as Record<string, unknown>).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && UUID.test(entry[1]),
    ),
  );
