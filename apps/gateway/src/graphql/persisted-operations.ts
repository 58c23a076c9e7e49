import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config, LOGGER, REDIS, type Redis, withTimeout } from '@roost/platform';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config.js';

const KEPT_SECONDS = 7 * 24 * 3600;
const REDIS_TIMEOUT_MS = 500;

/** The texts of persisted operations, in Redis. While it is unavailable, none is known: clients then send the text. */
@Injectable()
export class PersistedOperations {
  constructor(
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Null for an unknown operation. */
  find(hash: string): Promise<string | null> {
    return this.attempt(() => this.redis.getex(this.keyOf(hash), 'EX', KEPT_SECONDS));
  }

  async store(hash: string, text: string): Promise<void> {
    await this.attempt(() => this.redis.set(this.keyOf(hash), text, 'EX', KEPT_SECONDS));
  }

  private async attempt(command: () => Promise<string | null>): Promise<string | null> {
    try {
      return await withTimeout(command(), REDIS_TIMEOUT_MS);
    } catch (error) {
      this.logger.warn({ reason: (error as Error).message }, 'persisted operations not available');
      return null;
    }
  }

  private keyOf(hash: string): string {
    return `${this.config.REDIS_PREFIX}:graphql:${hash}`;
  }
}
