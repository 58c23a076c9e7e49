import { getQueueToken } from '@nestjs/bull';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  Optional,
} from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import Bull, { type Queue } from 'bull';
import { Tracing } from '@roost/tracing';
import type { Logger } from 'pino';
import { Clock } from '../clock/clock.js';
import { loggable } from '../database/database-errors.js';
import { runWithoutRequestContext } from '../context/request-scope.js';
import { Metrics } from '../metrics/metrics.js';
import { LOGGER, type Redis, SERVICE } from '../redis/redis.js';
import { withTimeout } from '../timing/with-timeout.js';
import { SWEEP, type Sweep } from './sweep.js';

interface KnownSweep extends Sweep {
  run: () => unknown;
  lastRun: number;
  running: Promise<void> | null;
}

// Bull names the blocking connection once per handler: from the second on behind a blocking read, and when that is cut
// short at a stop nobody catches the rejection. The name is of no use here.
Reflect.set(Bull.prototype, 'setWorkerName', () => Promise.resolve());

/** Without a wake-up for this many periods (Redis lost), a process sweeps by itself. */
const PATIENCE_PERIODS = 3;

const PAUSE_TIMEOUT_MS = 3_000;

const clientsOf = (queue: Queue) => (queue as Queue & { clients: Redis[] }).clients;

/** Runs the `@SweepEvery` methods of a service: woken by Bull, by a move of the clock, and by itself if Redis is lost. */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #sweeps: KnownSweep[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #queue: Queue | null = null;
  #stopped = false;
  #forget: () => void = () => undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModuleRef,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly tracing: Tracing,
    @Inject(SERVICE) private readonly service: string,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() @Inject('roost sweep timers') private readonly timed: boolean | null,
  ) {}

  onApplicationBootstrap(): void {
    this.#find();
    if (this.#sweeps.length === 0) return;
    this.#forget = this.clock.onMove(() => this.runAll());
    if (this.timed === false) return;
    this.#queue = this.modules.get<Queue>(getQueueToken(this.service), { strict: false });
    for (const sweep of this.#sweeps) {
      this.#queue
        .process(sweep.name, 1, () => this.#run(sweep))
        .catch((error: unknown) => this.#lost(sweep.name, error));
      const period = sweep.seconds * 1000;
      this.#timers.push(
        setInterval(() => {
          if (performance.now() - sweep.lastRun > PATIENCE_PERIODS * period) void this.#run(sweep);
        }, period).unref(),
      );
    }
    void this.#schedule();
    this.#queue.on('error', () => undefined);
    this.#queue.client.on('ready', () => void this.#schedule());
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    this.#forget();
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.allSettled(this.#sweeps.map(({ running }) => running));
    if (!this.#queue) return;
    // Without Redis, Bull would wait for it to come back before it closes.
    await withTimeout(this.#queue.pause(true, true), PAUSE_TIMEOUT_MS).catch(() => this.release());
  }

  /** After the queue has closed: without Redis its connections would try for ever. */
  release(): void {
    for (const client of this.#queue ? clientsOf(this.#queue) : [])
      if (client.status !== 'end') client.disconnect();
  }

  /** Runs every sweep now and waits for it. */
  async runAll(): Promise<void> {
    await Promise.all(this.#sweeps.map((sweep) => this.#run(sweep, true)));
  }

  /** A repeated job lives in Redis: it is put there again whenever a new Redis is met. */
  async #schedule(): Promise<void> {
    for (const { name, seconds } of this.#sweeps) {
      try {
        await this.#queue?.add(
          name,
          {},
          { repeat: { every: seconds * 1000 }, removeOnComplete: true, removeOnFail: true },
        );
      } catch (error) {
        this.#lost(name, error);
      }
    }
  }

  /** Nothing is lost with it: the process wakes itself until Redis is back. */
  #lost(sweep: string, error: unknown): void {
    if (!this.#stopped) this.logger.warn({ sweep, err: loggable(error) }, 'sweep not scheduled');
  }

  /** One at a time; a run that starts after `again` was asked for is a new one. */
  async #run(sweep: KnownSweep, again = false): Promise<void> {
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

  async #attempt(sweep: KnownSweep): Promise<void> {
    sweep.lastRun = performance.now();
    const stop = this.metrics
      .histogram('sweep_duration_seconds', 'Runs of sweeps', ['sweep'])
      .startTimer({ sweep: sweep.name });
    try {
      await runWithoutRequestContext(() =>
        this.tracing.run(`sweep ${sweep.name}`, { parent: null }, async () => sweep.run()),
      );
    } catch (error) {
      this.metrics
        .counter('sweep_failures_total', 'Sweeps that failed', ['sweep'])
        .inc({ sweep: sweep.name });
      this.logger.error({ sweep: sweep.name, err: loggable(error) }, 'sweep failed');
    } finally {
      stop();
    }
  }

  #find(): void {
    for (const wrapper of this.discovery.getProviders()) {
      if (!wrapper.isDependencyTreeStatic()) continue;
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
      if (!prototype) continue;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const method = prototype[name] as object;
        const sweep = Reflect.getMetadata(SWEEP, method) as Sweep | undefined;
        if (!sweep || this.#sweeps.some((known) => known.name === sweep.name)) continue;
        const run = (instance as Record<string, () => unknown>)[name];
        if (run)
          this.#sweeps.push({ ...sweep, run: run.bind(instance), lastRun: performance.now(), running: null });
      }
    }
  }
}
