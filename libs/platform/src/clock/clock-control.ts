import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { randomUUID } from 'node:crypto';
import { CONFIG, type BaseConfig } from '../config/base-config.js';
import { LOGGER, REDIS, type Redis } from '../redis/redis.js';
import { Clock } from './clock.js';

const SWEEP_TIMEOUT_MS = 10_000;

/** Shares the offset of the domain clock through Redis: it survives restarts and is the same in every process. */
@Injectable()
export class ClockControl implements OnApplicationBootstrap, OnModuleDestroy {
  #subscriber: Redis | null = null;
  readonly #acknowledged = new Map<string, () => void>();

  constructor(
    private readonly clock: Clock,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: BaseConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Applies the stored offset. Call before anything reads the time. */
  async load(): Promise<void> {
    if (this.config.ROOST_ENV === 'production') return;
    const stored = Number((await this.redis.get(this.#key)) ?? 0);
    if (Number.isSafeInteger(stored)) await this.clock.moveTo(stored);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.ROOST_ENV === 'production') return;
    const subscriber = this.redis.duplicate();
    subscriber.on('error', () => undefined); // the main connection logs the error
    subscriber.on('message', (channel: string, message: string) => {
      if (channel === this.#acks) this.#acknowledged.get(message)?.();
      else void this.#applyMove(message);
    });
    this.#subscriber = subscriber;
    await subscriber.subscribe(this.#key, this.#acks);
    await this.load();
  }

  async onModuleDestroy(): Promise<void> {
    this.#subscriber?.disconnect();
    this.#subscriber = null;
    await Promise.resolve();
  }

  /** Moves the clock of every process. Returns when each process has run its sweeps, or after 10 s. */
  async set(offsetMillis: number): Promise<Date> {
    const id = randomUUID();
    let finished = 0;
    let expected = Number.POSITIVE_INFINITY;
    let done: () => void = () => undefined;
    const swept = new Promise<void>((resolve) => {
      done = resolve;
    });
    const resolveIfComplete = () => {
      if (finished >= expected) done();
    };
    this.#acknowledged.set(id, () => {
      finished += 1;
      resolveIfComplete();
    });
    const timer = setTimeout(done, SWEEP_TIMEOUT_MS);
    try {
      await this.redis.set(this.#key, String(offsetMillis));
      expected = await this.redis.publish(this.#key, `${id} ${offsetMillis}`);
      resolveIfComplete();
      await swept;
    } finally {
      clearTimeout(timer);
      this.#acknowledged.delete(id);
    }
    return this.clock.now();
  }

  async #applyMove(message: string): Promise<void> {
    const [id = '', offset] = message.split(' ');
    try {
      await this.clock.moveTo(Number(offset));
    } catch (error) {
      this.logger.error({ err: error }, 'sweep after a move of the clock failed');
    } finally {
      await this.redis.publish(this.#acks, id).catch(() => undefined);
    }
  }

  get #key(): string {
    return `${this.config.REDIS_PREFIX}:clock:${this.redis.options.db ?? 0}`;
  }

  get #acks(): string {
    return `${this.#key}:swept`;
  }
}
