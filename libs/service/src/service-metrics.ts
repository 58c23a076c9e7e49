import type { MikroORM } from '@mikro-orm/postgresql';
import { type Health, JobOperations, type Metrics, scrapedGauges } from '@roost/platform';
import type { Job, Queue } from 'bull';
import { readPostgresState } from './postgres-state.queries.js';

/** Gauges and histograms of the parts that every service has. */
export function measureParts(
  metrics: Metrics,
  { health, orm, queue }: { health: Health; orm: MikroORM | null; queue: Queue | null },
): void {
  measureHealth(metrics, health);
  if (orm) {
    measurePool(metrics, orm);
    measurePostgres(metrics, orm);
  }
  if (queue) {
    measureQueue(metrics, queue);
    measureJobs(metrics, queue);
  }
}

function measureHealth(metrics: Metrics, health: Health): void {
  scrapedGauges(metrics.registry, () => health.report(), [
    {
      name: 'roost_ready',
      help: '1 while the service is ready, as /health/ready reports it',
      of: ({ ready }) => (ready ? 1 : 0),
    },
    {
      name: 'roost_part_up',
      help: '1 while a part of the service works (database, redis, kafka, keys, storage and so on), otherwise 0',
      labelNames: ['part'],
      of: ({ parts }) =>
        Object.entries(parts).map(([part, state]) => [{ part }, state === 'up' ? 1 : 0] as const),
    },
  ]);
}

function measurePool({ registry }: Metrics, orm: MikroORM): void {
  const pool = () => orm.em.getConnection().getNativeClient();
  scrapedGauges(registry, pool, [
    {
      name: 'roost_database_connections',
      help: 'Connections of the pool to the database, by state: used by a caller, or idle',
      labelNames: ['state'],
      of: ({ totalCount, idleCount }) => [
        [{ state: 'used' }, totalCount - idleCount],
        [{ state: 'idle' }, idleCount],
      ],
    },
    {
      name: 'roost_database_connections_max',
      help: 'The maximum of connections of the pool (DATABASE_POOL_SIZE)',
      of: ({ options }) => options.max,
    },
    {
      name: 'roost_database_waiting',
      help: 'Callers that wait for a connection while all connections of the pool are used',
      // Below the maximum they wait only until a connection is open, as do the reads of this scrape.
      of: ({ waitingCount, totalCount, idleCount, options }) =>
        totalCount - idleCount >= options.max ? waitingCount : 0,
    },
  ]);
}

/** Counts of PostgreSQL are gauges here, because prom-client's counters cannot be set; `rate` handles both. */
function measurePostgres({ registry }: Metrics, orm: MikroORM): void {
  const read = () => readPostgresState(orm.em.fork({ disableContextResolution: true }));
  scrapedGauges(registry, read, [
    {
      name: 'roost_postgres_transactions',
      help: 'Transactions in the database of the service, by outcome (commit, rollback); a count, use rate()',
      labelNames: ['outcome'],
      of: ({ commits, rollbacks }) => [
        [{ outcome: 'commit' }, commits],
        [{ outcome: 'rollback' }, rollbacks],
      ],
    },
    {
      name: 'roost_postgres_deadlocks',
      help: 'Deadlocks in the database of the service; a count, use rate()',
      of: ({ deadlocks }) => deadlocks,
    },
    {
      name: 'roost_postgres_blocks',
      help: 'Blocks that statements needed, by source (cache, disk); a count, use rate()',
      labelNames: ['source'],
      of: ({ cachedBlocks, readBlocks }) => [
        [{ source: 'cache' }, cachedBlocks],
        [{ source: 'disk' }, readBlocks],
      ],
    },
    {
      name: 'roost_postgres_temporary_bytes',
      help: 'Bytes that statements wrote to temporary files; a count, use rate()',
      of: ({ temporaryBytes }) => temporaryBytes,
    },
    {
      name: 'roost_postgres_size_bytes',
      help: 'Size of the database of the service in bytes',
      of: ({ sizeBytes }) => sizeBytes,
    },
    {
      name: 'roost_postgres_sessions',
      help: 'Sessions of all replicas of the service, by state (active, idle)',
      labelNames: ['state'],
      of: ({ activeSessions, idleSessions }) => [
        [{ state: 'active' }, activeSessions],
        [{ state: 'idle' }, idleSessions],
      ],
    },
    {
      name: 'roost_postgres_lock_waits',
      help: 'Sessions that wait for a lock',
      of: ({ lockWaits }) => lockWaits,
    },
    {
      name: 'roost_postgres_oldest_transaction_seconds',
      help: 'Age in seconds of the oldest open transaction',
      of: ({ oldestTransactionSeconds }) => oldestTransactionSeconds,
    },
  ]);
}

function measureQueue({ registry }: Metrics, queue: Queue): void {
  scrapedGauges(registry, () => readQueue(queue), [
    {
      name: 'roost_queue_jobs',
      help: 'Jobs of the Bull queue by state',
      labelNames: ['state'],
      of: ({ counts }) => Object.entries(counts).map(([state, jobs]) => [{ state }, jobs] as const),
    },
    {
      name: 'roost_queue_oldest_seconds',
      help: 'Seconds that the oldest waiting job has waited; 0 if none waits',
      of: ({ oldestWaitingSeconds }) => oldestWaitingSeconds,
    },
    {
      name: 'roost_queue_overdue_seconds',
      help: 'Seconds since the first delayed job became due; 0 if none is overdue',
      of: ({ overdueSeconds }) => overdueSeconds,
    },
  ]);
}

/** Bull adds a job at the left end of its list and takes that at the right end. A paused queue has another list. */
async function readQueue(queue: Queue) {
  if (queue.client.status !== 'ready') throw new Error('Redis is not connected');
  const { client } = queue;
  const [counts, oldest, [, dueAt]] = await Promise.all([
    new JobOperations(queue).counts(),
    Promise.all(['paused', 'wait'].map((list) => client.lindex(queue.toKey(list), -1))),
    client.zrange(queue.toKey('delayed'), 0, 0, 'WITHSCORES'),
  ]);
  const id = oldest.find((found) => found !== null);
  const [addedAt, delay] = id === undefined ? [] : await client.hmget(queue.toKey(id), 'timestamp', 'delay');
  return {
    counts,
    // The job may have started meanwhile, and is then deleted.
    oldestWaitingSeconds: addedAt ? secondsSince(Number(addedAt) + Number(delay ?? 0)) : 0,
    overdueSeconds: dueAt === undefined ? 0 : secondsSince(Number(dueAt) / DELAY_SCORE),
  };
}

/** Bull's score of a delayed job is the time in milliseconds, times 4096, plus a part of the number of the job. */
const DELAY_SCORE = 0x1000;

const secondsSince = (time: number): number => Math.max(0, (Date.now() - time) / 1000);

/** The jobs that this process has run. */
function measureJobs(metrics: Metrics, queue: Queue): void {
  const duration = metrics.histogram(
    'roost_job_duration_seconds',
    'Duration of a try of a job in seconds, by name and outcome',
    ['job', 'outcome'],
  );
  const observe = (outcome: string) => (job: Job) => {
    const { name, processedOn } = job;
    if (processedOn !== undefined)
      duration.observe({ job: name, outcome }, (Date.now() - processedOn) / 1000);
  };
  queue.on('completed', observe('completed'));
  queue.on('failed', observe('failed'));
}
