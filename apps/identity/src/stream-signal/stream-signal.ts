import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type BaseConfig, CONFIG, LOGGER, REDIS, type Redis } from '@roost/platform';
import type { Logger } from 'pino';

/** The signals of one stream. */
export interface StreamSignals {
  /** Resolves with `true` after a signal since the last call, and with `false` after a time without one. */
  next(withinMs: number, stop: AbortSignal): Promise<boolean>;
  close(): void;
}

/**
 * Signals new events, and the end of a session, to the streams of a user in every process. A signal can be lost, as while
 * Redis is not available, so streams also read at intervals.
 */
@Injectable()
export class StreamSignal implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly listeners = new Map<string, Set<() => void>>();
  private subscriber: Redis | null = null;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: BaseConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // ioredis does not catch a failure of its own subscription after a reconnect, which would end the process.
    const subscriber = this.redis.duplicate({ autoResubscribe: false });
    subscriber.on('error', () => undefined); // the main connection logs the error
    subscriber.on('message', (_channel: string, userIds: string) => {
      for (const userId of userIds.split(' ')) for (const wake of this.listeners.get(userId) ?? []) wake();
    });
    subscriber.on('ready', () => void this.subscribe(subscriber));
    this.subscriber = subscriber;
    await this.subscribe(subscriber);
  }

  async onModuleDestroy(): Promise<void> {
    this.subscriber?.disconnect();
    this.subscriber = null;
    await Promise.resolve();
  }

  private async subscribe(subscriber: Redis): Promise<void> {
    try {
      await subscriber.subscribe(this.channel);
    } catch (error) {
      this.logger.warn({ err: error }, 'streams get no signals until Redis is available');
    }
  }

  send(userIds: readonly string[]): void {
    this.redis
      .publish(this.channel, userIds.join(' '))
      .catch((error: unknown) => this.logger.debug({ err: error }, 'streams were not signalled'));
  }

  listen(userId: string): StreamSignals {
    let signalled = false;
    let waiting = new AbortController();
    const wake = () => {
      signalled = true;
      waiting.abort();
    };
    const ofUser = this.listeners.get(userId) ?? new Set();
    this.listeners.set(userId, ofUser.add(wake));
    return {
      next: async (withinMs, stop) => {
        waiting = new AbortController();
        if (!signalled)
          await delay(withinMs, undefined, { signal: AbortSignal.any([waiting.signal, stop]) }).catch(
            () => undefined,
          );
        const result = signalled;
        signalled = false;
        return result;
      },
      close: () => {
        ofUser.delete(wake);
        if (ofUser.size === 0) this.listeners.delete(userId);
      },
    };
  }

  private get channel(): string {
    return `${this.config.REDIS_PREFIX}:live-events:${this.redis.options.db ?? 0}`;
  }
}
