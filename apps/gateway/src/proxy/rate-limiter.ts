import rateLimit from '@fastify/rate-limit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CONFIG, type Config, Problem, REDIS, type Redis } from '@roost/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.js';
import { limitOf } from './domain/rate-limits.js';

interface Limiter {
  count: ReturnType<FastifyInstance['createRateLimit']>;
  /** Requests per minute. */
  max: number;
}

/**
 * Limits the requests per minute, counted in Redis for all replicas: per user, per IP address of anonymous requests (a
 * fifth), per IP address of log-ins and the like (a thirtieth), per session of step-ups (a thirtieth), and per IP address of
 * refreshes (all). While Redis is
 * unavailable, there is no limit.
 */
@Injectable()
export class RateLimiter implements OnModuleInit {
  private readonly none: Limiter | undefined;
  private perUser: Limiter | undefined;
  private perAddress: Limiter | undefined;
  private logIn: Limiter | undefined;
  private session: Limiter | undefined;
  private refresh: Limiter | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    @Inject(REDIS) private readonly redis: Redis,
    private readonly http: HttpAdapterHost,
  ) {}

  // Not awaited: that would make Fastify ready before Nest has set its error handler.
  onModuleInit(): void {
    const perMinute = this.config.RATE_LIMIT_PER_MINUTE;
    if (perMinute === 0) return;
    const fastify = this.http.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register(rateLimit, {
      global: false,
      redis: this.redis,
      nameSpace: `${this.config.REDIS_PREFIX}:limit:`,
      skipOnError: true,
    });
    const limiter = (name: string, divisor: number, keyOf: (request: FastifyRequest) => string): Limiter => {
      const max = Math.max(1, Math.floor(perMinute / divisor));
      const keyGenerator = (request: FastifyRequest) => `${name}:${keyOf(request)}`;
      return { max, count: fastify.createRateLimit({ max, timeWindow: 60_000, keyGenerator }) };
    };
    fastify.after(() => {
      this.perUser = limiter('user', 1, (request) => request.roost.user?.id ?? request.ip);
      this.perAddress = limiter('address', 5, (request) => request.ip);
      this.logIn = limiter('auth', 30, (request) => request.ip);
      this.refresh = limiter('refresh', 1, (request) => request.ip);
      this.session = limiter('session', 30, (request) => request.roost.user?.sessionId ?? request.ip);
    });
  }

  /** Counts the request and sets the `RateLimit-*` headers. Throws 429 `rate.limited` over the limit. */
  async consume(request: FastifyRequest, reply: FastifyReply, path: string): Promise<void> {
    const limiter = this[limitOf(path, request.roost.user !== null)];
    if (limiter) await this.count(limiter, request, reply);
  }

  /** Counts a request that has been counted once as several. Throws 429 as `consume` does. */
  async consumeMore(request: FastifyRequest, reply: FastifyReply, path: string, more: number): Promise<void> {
    const limiter = this[limitOf(path, request.roost.user !== null)];
    if (!limiter) return;
    await Promise.all(Array.from({ length: more }, () => this.count(limiter, request, reply)));
  }

  /** Requests per minute of this caller; infinite without a limit. */
  maxOf(request: FastifyRequest, path: string): number {
    return this[limitOf(path, request.roost.user !== null)]?.max ?? Infinity;
  }

  private async count(limiter: Limiter, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const state = await limiter.count(request);
    if (state.isAllowed) return;
    reply.header('ratelimit-limit', state.max);
    reply.header('ratelimit-remaining', state.remaining);
    reply.header('ratelimit-reset', state.ttlInSeconds);
    if (state.isExceeded) {
      throw new Problem(
        'rate.limited',
        undefined,
        {},
        { 'retry-after': String(Math.max(1, state.ttlInSeconds)) },
      );
    }
  }
}
