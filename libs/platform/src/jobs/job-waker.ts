import type { Queue } from 'bull';
import type { Logger } from 'pino';
import { runWithoutRequestContext } from '../context/request-scope.js';
import { withTimeout } from '../timing/with-timeout.js';
import { type TracedJobData, withTraceparent } from './job-trace.js';
import { JOB_RETENTION } from './queue-options.js';

const ADD_TIMEOUT_MS = 1_000;

interface WakeableJob {
  name: string;
  attemptsMade: number;
  data: TracedJobData;
}

type Handler = (job: WakeableJob) => Promise<unknown>;

interface WakerOptions {
  queue: Queue;
  /** How many jobs this process runs at once without Redis. */
  concurrency: number;
  logger: Logger;
}

/**
 * Wakes the handler of stored work with a Bull job. Rows are the truth: while Redis does not take the job, this process
 * runs the handler itself. A handler must therefore do nothing for work that is done, or that another worker has claimed.
 */
export class JobWaker {
  readonly #waiting: WakeableJob[] = [];
  readonly #lanes = new Set<Promise<void>>();
  #stopped = false;

  constructor(private readonly options: WakerOptions) {}

  wake(name: string, data: object): void {
    const job = { name, attemptsMade: 0, data: withTraceparent(data) };
    void runWithoutRequestContext(() => this.#wake(job));
  }

  /** Waits for the jobs that run in this process. Those that have not started are left to the sweeper. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#waiting.length = 0;
    await Promise.all(this.#lanes);
  }

  async #wake(job: WakeableJob): Promise<void> {
    const { queue, logger } = this.options;
    try {
      if (queue.client.status !== 'ready') throw new Error('Redis is not connected');
      await withTimeout(queue.add(job.name, job.data, JOB_RETENTION), ADD_TIMEOUT_MS);
    } catch (error) {
      if (this.#stopped) return;
      logger.warn({ err: error, job: job.name }, 'job not enqueued; this process runs it');
      this.#runHere(job);
    }
  }

  #runHere(job: WakeableJob): void {
    this.#waiting.push(job);
    this.#startLane();
  }

  #startLane(): void {
    if (this.#waiting.length === 0 || this.#lanes.size >= this.options.concurrency) return;
    const lane = this.#runWaiting().finally(() => {
      this.#lanes.delete(lane);
      // A job may have arrived after the lane had found no more.
      this.#startLane();
    });
    this.#lanes.add(lane);
  }

  async #runWaiting(): Promise<void> {
    const { handlers } = this.options.queue as unknown as { handlers: Record<string, Handler> };
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      try {
        await handlers[job.name]?.(job);
      } catch (error) {
        this.options.logger.error({ err: error, job: job.name }, 'job failed; the sweeper will retry');
      }
    }
  }
}
