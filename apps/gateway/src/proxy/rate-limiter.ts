import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { clientNetwork, type RateLimit, RateLimits } from '@roost/http';
import { CONFIG, type Config, REDIS, type Redis } from '@roost/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.js';
import { limitOf } from './domain/rate-limits.js';

/**
 * Limits the requests per minute: per user, per IP address of anonymous requests (a fifth), per IP address of log-ins
 * and the like (a thirtieth), per session of step-ups (a thirtieth), and per IP address of refreshes (ten times as many:
 * only a bound on the look-ups of tokens, because identity counts refreshes by session). The /64 of an IPv6 address counts
 * as one.
 */
@Injectable()
export class RateLimiter implements OnModuleInit {
  private readonly none: RateLimit | undefined;
  private perUser: RateLimit | undefined;
  private perAddress: RateLimit | undefined;
  private logIn: RateLimit | undefined;
  private session: RateLimit | undefined;
  private refresh: RateLimit | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    @Inject(REDIS) private readonly redis: Redis,
    private readonly http: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const perMinute = this.config.RATE_LIMIT_PER_MINUTE;
    if (perMinute === 0) return;
    const fastify = this.http.httpAdapter.getInstance<FastifyInstance>();
    const limits = new RateLimits(fastify, this.redis, this.config);
    limits.whenReady(() => {
      this.perUser = limits.create(
        'user',
        perMinute,
        (request) => request.roost.user?.id ?? clientNetwork(request),
      );
      this.perAddress = limits.create('address', perMinute / 5, clientNetwork);
      this.logIn = limits.create('auth', perMinute / 30, clientNetwork);
      this.session = limits.create(
        'session',
        perMinute / 30,
        (request) => request.roost.user?.sessionId ?? clientNetwork(request),
      );
      this.refresh = limits.create('refresh', perMinute * 10, clientNetwork);
    });
  }

  /** Counts the request and sets the `RateLimit-*` headers. Throws 429 `rate.limited` over the limit. */
  async consume(request: FastifyRequest, reply: FastifyReply, path: string): Promise<void> {
    await this[limitOf(path, request.roost.user !== null)]?.count(request, reply);
  }

  /** Counts a request that has been counted once as several. Throws 429 as `consume` does. */
  async consumeMore(request: FastifyRequest, reply: FastifyReply, path: string, more: number): Promise<void> {
    const limit = this[limitOf(path, request.roost.user !== null)];
    if (!limit) return;
    await Promise.all(Array.from({ length: more }, () => limit.count(request, reply)));
  }

  /** Requests per minute of this caller; infinite without a limit. */
  maxOf(request: FastifyRequest, path: string): number {
    return this[limitOf(path, request.roost.user !== null)]?.max ?? Infinity;
  }
}
