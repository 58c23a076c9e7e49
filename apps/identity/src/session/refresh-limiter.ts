import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { clientNetwork, currentRequest, type RateLimit, RateLimits } from '@roost/http';
import { CONFIG, REDIS, type Redis } from '@roost/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IdentityConfig } from '../config.js';
import { findSessionOf } from './refresh-token.queries.js';
import type { RefreshTokens } from './session.dto.js';

/**
 * Limits refreshes per session, at the rate of log-ins. The gateway can't: only this service knows the session of a
 * refresh token. A token without a session counts for its IP address, so that it does not count for the sessions
 * behind that address.
 */
@Injectable()
export class RefreshLimiter implements OnModuleInit {
  private limit: RateLimit | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: IdentityConfig,
    @Inject(REDIS) private readonly redis: Redis,
    private readonly http: HttpAdapterHost,
    private readonly em: EntityManager,
  ) {}

  onModuleInit(): void {
    const perMinute = this.config.RATE_LIMIT_PER_MINUTE;
    if (perMinute === 0) return;
    const fastify = this.http.httpAdapter.getInstance<FastifyInstance>();
    const limits = new RateLimits(fastify, this.redis, this.config);
    limits.whenReady(() => {
      this.limit = limits.create('refresh-session', perMinute / 30, (request) => this.keyOf(request));
    });
  }

  /** Counts the current request. Throws 429 `rate.limited` over the limit. */
  async consume(): Promise<void> {
    const current = currentRequest();
    if (current) await this.limit?.count(current.request, current.reply);
  }

  private async keyOf(request: FastifyRequest): Promise<string> {
    const { refreshToken } = request.body as RefreshTokens;
    return (await findSessionOf(this.em.fork(), refreshToken)) ?? clientNetwork(request);
  }
}
