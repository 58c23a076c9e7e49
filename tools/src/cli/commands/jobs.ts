import {
  connectRedis,
  createLogger,
  type FailedJob,
  JobOperations,
  queueOptions,
  StartError,
} from '@roost/platform';
import Bull from 'bull';
import { age } from '../age.js';
import { type Call, type Command, OperatorError, type Row, UsageError } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { recordAttempt, withEventOperations } from '../event-operations.js';
import { decideOnJobs } from '../failed-jobs.js';
import { findSystem, LOCATION, serviceNamed, type ServiceName, servicesOf, type System } from '../system.js';

const MOST = 100;
const SERVICE = { service: { type: 'string', description: 'only those of this service' } } as const;
const WHICH = {
  service: { type: 'string', description: 'those of this service' },
  id: { type: 'string', description: 'only the one with this id (default: all that failed)' },
} as const;

export const command: Command = {
  summary: 'The jobs in the queue of each service.',
  actions: {
    status: {
      summary: 'Counts the jobs of each service. Repeated jobs are delayed until they are due.',
      options: { ...SERVICE, ...LOCATION },
      run: status,
    },
    failed: {
      summary: 'Lists the failed jobs, newest first. The newest 100 of each service are kept.',
      options: { ...SERVICE, ...LOCATION },
      run: failed,
    },
    retry: {
      summary: 'Runs failed jobs again. Work that is already done is not repeated.',
      options: { ...WHICH, ...CONFIRMED, ...LOCATION },
      run: (call) => decide(call, 'retry'),
    },
    discard: {
      summary: 'Deletes failed jobs. A sweep still finds work that is stored as due.',
      options: { ...WHICH, ...CONFIRMED, ...LOCATION },
      run: (call) => decide(call, 'discard'),
    },
  },
};

async function status({ options, out }: Call): Promise<void> {
  const services = servicesOf(options);
  const rows = await inQueues(findSystem(options), services, async (service, jobs): Promise<Row> => {
    return { service, ...(await jobs.counts()) };
  });
  out.result(rows, rows);
}

async function failed({ options, out }: Call): Promise<void> {
  const services = servicesOf(options);
  const found = await inQueues(findSystem(options), services, async (service, jobs) =>
    (await jobs.listFailed(MOST)).map((job) => ({ service, ...job })),
  );
  out.result(found.flat(), found.flat().map(rowOf));
}

const rowOf = ({ service, id, name, attempts, error, failedAt }: FailedJob & { service: string }): Row => ({
  ...{ service, id, name, attempts },
  failed: age((Date.now() - failedAt.getTime()) / 1000),
  error,
});

async function decide({ options, out }: Call, action: 'retry' | 'discard'): Promise<void> {
  if (options.service === undefined) throw new UsageError('Pass the service of the jobs with --service.');
  const service = serviceNamed(String(options.service));
  const system = findSystem(options);
  await withEventOperations(system, [service], async (services) => {
    const operations = services.get(service);
    if (!operations) return;
    const outcomes = await inQueues(system, [service], async (_, jobs): Promise<Row[]> => {
      const ids =
        options.id === undefined ? (await jobs.listFailed(MOST)).map(({ id }) => id) : [String(options.id)];
      if (ids.length === 0) return [];
      const consequence = action === 'retry' ? 'will run again' : 'will be deleted';
      await confirm(`${ids.length} job${ids.length === 1 ? '' : 's'} of ${service} ${consequence}`, options);
      const { done, skipped } = await decideOnJobs(jobs, action, ids, (id) =>
        recordAttempt(operations, {
          action: `job.${action}`,
          subject: { type: 'job', id },
          reason: `roost jobs ${action}`,
        }),
      );
      if (options.id !== undefined && done === 0)
        throw new OperatorError(`${service} has no failed job ${options.id}.`);
      return [{ service, [action === 'retry' ? 'retried' : 'discarded']: done, skipped }];
    });
    out.result(outcomes.flat(), outcomes.flat());
  });
}

/** Runs `work` with the queue of each service, one after the other. */
async function inQueues<T>(
  system: System,
  services: readonly ServiceName[],
  work: (service: ServiceName, jobs: JobOperations) => Promise<T>,
): Promise<T[]> {
  const redisUrl = await reachableRedis(system);
  const prefix = system.settings()?.REDIS_PREFIX ?? process.env.REDIS_PREFIX?.trim() ?? 'roost';
  const results: T[] = [];
  for (const service of services) {
    const queue = new Bull(service, queueOptions(redisUrl, prefix));
    queue.on('error', () => undefined); // the next command reports it
    try {
      // Bull connects by itself; the first command waits for the connection.
      await queue.client.ping();
      results.push(await work(service, new JobOperations(queue)));
    } finally {
      await queue.close();
    }
  }
  return results;
}

/** Bull would wait until Redis is reachable. */
async function reachableRedis({ redisUrl, dataDir }: System): Promise<string> {
  if (!redisUrl) throw new OperatorError(`No Redis runs on ${dataDir}: set REDIS_URL.`);
  try {
    (await connectRedis(redisUrl, 'the operator', createLogger('operator', 'silent'))).disconnect();
    return redisUrl;
  } catch (error) {
    throw error instanceof StartError ? new OperatorError(error.message) : error;
  }
}
