import { once } from 'node:events';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import Bull, { type Queue } from 'bull';
import { Tracing } from '@roost/tracing';
import type { Logger } from 'pino';
import type { Counter, Histogram } from 'prom-client';
import { Clock } from '../clock/clock.js';
import { runWithoutRequestContext } from '../context/request-scope.js';
import { Metrics } from '../metrics/metrics.js';
import { LOGGER, type Redis } from '../redis/redis.js';
import { withTimeout } from '../timing/with-timeout.js';
import { type RegisteredSweep, SweepRegistry } from './sweep-registry.js';

interface SweepState extends RegisteredSweep {
  lastRun: number;
  running: Promise<void> | null;
}

// Bull sets the name of the blocking connection once per handler. From the second handler on, the command queues behind
// a blocking read; when a stop ends that read, the rejection is unhandled. The name has no use here.
Reflect.set(Bull.prototype, 'setWorkerName', () => Promise.resolve());

/** Without a job for this many periods, the process runs the sweep itself: Redis is connected, and may not respond. */
const MAX_MISSED_PERIODS = 3;
/** Without a connection to Redis, each tick of the local timer runs the sweep, unless it has just run. */
const MAX_MISSED_PERIODS_WITHOUT_REDIS = 0.5;

const PAUSE_TIMEOUT_MS = 3_000;

const clientsOf = (queue: Queue) => (queue as Queue & { clients: Redis[] }).clients;

/** Each handler of a queue waits for its blocking connection, and Node.js warns of a leak from the eleventh listener on. */
function allowManyHandlers(queue: Queue): void {
  (queue as Queue & { bclient: Redis }).bclient.setMaxListeners(0);
}

/**
 * Redis answers QUIT only when the blocking read of a connection has ended, and Bull waits 500 ms for that answer whenever
 * it closes. A connection that only waits for jobs is disconnected without QUIT instead.
 */
function skipQuit(queue: Queue): void {
  for (const client of clientsOf(queue) as (Redis & { blocked?: boolean })[]) {
    if (!client.blocked) continue;
    client.quit = () => {
      client.disconnect();
      return Promise.resolve('OK');
    };
  }
}

/**
 * Ends the waiting for jobs. A connection that is being established, as right after a start, is awaited first: Bull can't
 * interrupt it, and its close would never end.
 */
async function pauseQueue(queue: Queue): Promise<void> {
  await Promise.all(clientsOf(queue).map(untilConnected));
  skipQuit(queue);
  await queue.pause(true, true);
}

async function untilConnected(client: Redis): Promise<void> {
  while (client.status === 'connecting' || client.status === 'connect')
    await Promise.race(['ready', 'close'].map((event) => once(client, event)));
}

/**
 * Runs the `@SweepEvery` methods of a service: when a repeated Bull job arrives, when the domain clock moves, and on a
 * local timer while Redis is unavailable.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #sweeps: SweepState[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #queue: Queue | null = null;
  #stopped = false;
  #unsubscribe: () => void = () => undefined;
  readonly #duration: Histogram<'sweep'>;
  readonly #failures: Counter<'sweep'>;

  constructor(
    private readonly registry: SweepRegistry,
    private readonly clock: Clock,
    metrics: Metrics,
    private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#duration = metrics.histogram('roost_sweep_duration_seconds', 'Duration of a sweep in seconds', [
      'sweep',
    ]);
    this.#failures = metrics.counter('roost_sweep_failures_total', 'Failed sweeps', ['sweep']);
  }

  onApplicationBootstrap(): void {
    for (const sweep of this.registry.sweeps()) this.#add(sweep);
    if (this.#sweeps.length === 0) return;
    this.#unsubscribe = this.clock.onMove(() => this.runAll());
    this.#queue = this.registry.queue();
    allowManyHandlers(this.#queue);
    for (const sweep of this.#sweeps) {
      this.#queue
        .process(sweep.name, 1, () => this.#run(sweep))
        .catch((error: unknown) => this.#notScheduled(sweep.name, error));
      const periodMs = sweep.seconds * 1000;
      this.#timers.push(
        setInterval(() => {
          const isConnected = this.#queue?.client.status === 'ready';
          const maxMissed = isConnected ? MAX_MISSED_PERIODS : MAX_MISSED_PERIODS_WITHOUT_REDIS;
          if (performance.now() - sweep.lastRun > maxMissed * periodMs) void this.#run(sweep);
        }, periodMs).unref(),
      );
    }
    void this.#schedule();
    this.#queue.on('error', () => undefined);
    this.#queue.client.on('ready', () => void this.#schedule());
  }

  #add(sweep: RegisteredSweep): void {
    this.#sweeps.push({ ...sweep, lastRun: performance.now(), running: null });
    // Without the zero, an alert on an increase would not see the first failure.
    this.#failures.inc({ sweep: sweep.name }, 0);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.allSettled(this.#sweeps.map(({ running }) => running));
    if (!this.#queue) return;
    // While Redis is unavailable, Bull's close would wait for it.
    await withTimeout(pauseQueue(this.#queue), PAUSE_TIMEOUT_MS).catch(() => this.release());
  }

  /** Call after the queue has closed: without Redis, its connections would reconnect forever. */
  release(): void {
    for (const client of this.#queue ? clientsOf(this.#queue) : []) {
      // A pause that has not finished would connect again, and keep the process running.
      client.connect = () => Promise.resolve();
      if (client.status !== 'end') client.disconnect();
    }
  }

  /** Runs every sweep now and waits until all have finished. */
  async runAll(): Promise<void> {
    await Promise.all(this.#sweeps.map((sweep) => this.#run(sweep, true)));
  }

  /** Repeated jobs are stored in Redis, so they are added again after each connect: the data may be lost. */
  async #schedule(): Promise<void> {
    for (const { name, seconds } of this.#sweeps) {
      try {
        await this.#queue?.add(
          name,
          {},
          { repeat: { every: seconds * 1000 }, removeOnComplete: true, removeOnFail: true },
        );
      } catch (error) {
        this.#notScheduled(name, error);
      }
    }
  }

  /** Not fatal: the local timer runs the sweep until Redis is back. */
  #notScheduled(sweep: string, error: unknown): void {
    if (!this.#stopped) this.logger.warn({ sweep, err: error }, 'sweep not scheduled');
  }

  /** Runs of one sweep never overlap. With `again`, a run that starts after this call is awaited. */
  async #run(sweep: SweepState, again = false): Promise<void> {
    if (this.#stopped) return;
    if (sweep.running) {
      if (!again) return sweep.running;
      await sweep.running;
      return this.#run(sweep);
    }
    sweep.running = this.#attempt(sweep).finally(() => {
      sweep.running = null;
    });
    return sweep.running;
  }

  async #attempt(sweep: SweepState): Promise<void> {
    sweep.lastRun = performance.now();
    const stopTimer = this.#duration.startTimer({ sweep: sweep.name });
    try {
      await runWithoutRequestContext(() =>
        this.tracing.run(`sweep ${sweep.name}`, { parent: null }, async () => sweep.run()),
      );
    } catch (error) {
      this.#failures.inc({ sweep: sweep.name });
      this.logger.error({ sweep: sweep.name, err: error }, 'sweep failed');
    } finally {
      stopTimer();
    }
  }
}
