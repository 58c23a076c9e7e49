import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { randomUUID } from 'node:crypto';
import { CONFIG, type BaseConfig } from '../config/base-config.js';
import { loggable } from '../database/database-errors.js';
import { LOGGER, REDIS, type Redis } from '../redis/redis.js';
import { Clock } from './clock.js';

const SWEPT_WITHIN_MS = 10_000;

/** Shares the position of the domain clock through Redis: kept over restarts, the same in every process. */
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

  /** The stored position, before anything asks for the time. */
  async load(): Promise<void> {
    if (this.config.ROOST_ENV === 'production') return;
    const stored = Number((await this.redis.get(this.#key)) ?? 0);
    if (Number.isSafeInteger(stored)) await this.clock.moveTo(stored);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.ROOST_ENV === 'production') return;
    const subscriber = this.redis.duplicate();
    subscriber.on('error', () => undefined); // the main connection reports
    subscriber.on('message', (channel: string, message: string) => {
      if (channel === this.#acks) this.#acknowledged.get(message)?.();
      else void this.#moved(message);
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

  /** Moves the clock of every process; returns once each has swept what became due. */
  async set(offsetMillis: number): Promise<Date> {
    const id = randomUUID();
    let finished = 0;
    let expected = Number.POSITIVE_INFINITY;
    let done: () => void = () => undefined;
    const swept = new Promise<void>((resolve) => {
      done = resolve;
    });
    const check = () => {
      if (finished >= expected) done();
    };
    this.#acknowledged.set(id, () => {
      finished += 1;
      check();
    });
    const late = setTimeout(done, SWEPT_WITHIN_MS);
    try {
      await this.redis.set(this.#key, String(offsetMillis));
      expected = await this.redis.publish(this.#key, `${id} ${offsetMillis}`);
      check();
      await swept;
    } finally {
      clearTimeout(late);
      this.#acknowledged.delete(id);
    }
    return this.clock.now();
  }

  async #moved(message: string): Promise<void> {
    const [id = '', offset] = message.split(' ');
    try {
      await this.clock.moveTo(Number(offset));
    } catch (error) {
      this.logger.error({ err: loggable(error) }, 'sweep after a move of the clock failed');
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
