import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type CommonConfig, Problem, type Redis, TimeoutError, withTimeout } from '@roost/platform';

/** Of the gateway, and of the services that know the session of a request that the gateway does not know. */
export const RateLimitConfig = z.object({
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).max(1_000_000).default(300).meta({
    description:
      'the number of requests per minute and user, 0 for no limit (an anonymous IP address has a fifth of it, log-ins and the like under /v1/auth/ a thirtieth, as has a session for step-ups and for refreshes)',
  }),
});

/** A count takes a few milliseconds; a Redis that takes longer than this is treated as unavailable. */
const REDIS_TIMEOUT_MS = 500;
/** On a machine that runs many specs a count can take longer, and the specs expect every request to be counted. */
const TEST_REDIS_TIMEOUT_MS = 10_000;
/** After that, nothing is counted for a second: requests do not wait, and commands do not accumulate. */
const PAUSE_MS = 1_000;

/** The count of a request; it may read the database. */
type KeyOf = (request: FastifyRequest) => string | Promise<string>;
type State = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>;

/** One limit. */
export class RateLimit {
  constructor(
    /** Requests per minute. */
    readonly max: number,
    private readonly keyOf: KeyOf,
    /** Null while Redis does not respond. */
    private readonly state: (request: FastifyRequest, key: string) => Promise<State | null>,
  ) {}

  /** Counts the request and sets the `RateLimit-*` headers. Throws 429 `rate.limited` over the limit. */
  async count(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const state = await this.state(request, await this.keyOf(request));
    if (!state || state.isAllowed) return;
    reply.header('ratelimit-limit', state.max);
    reply.header('ratelimit-remaining', state.remaining);
    reply.header('ratelimit-reset', state.ttlInSeconds);
    if (!state.isExceeded) return;
    const retryAfter = String(Math.max(1, state.ttlInSeconds));
    throw new Problem('rate.limited', undefined, {}, { 'retry-after': retryAfter });
  }
}

/** Creates limits that are counted in Redis for all replicas. While Redis is unavailable or does not respond, there is no limit. */
export class RateLimits {
  readonly #timeoutMs: number;
  #pausedUntil = 0;

  constructor(
    private readonly fastify: FastifyInstance,
    redis: Redis,
    config: Pick<CommonConfig, 'REDIS_PREFIX' | 'ROOST_ENV'>,
  ) {
    this.#timeoutMs = config.ROOST_ENV === 'test' ? TEST_REDIS_TIMEOUT_MS : REDIS_TIMEOUT_MS;
    // Not awaited: that would make Fastify ready before Nest has set its error handler.
    void fastify.register(rateLimit, {
      global: false,
      redis,
      nameSpace: `${config.REDIS_PREFIX}:limit:`,
      skipOnError: true,
    });
  }

  /** Runs `work`, which creates limits, after the plugin is loaded. */
  whenReady(work: () => void): void {
    this.fastify.after(work);
  }

  /** A limit of this many requests per minute; a fraction of the limit of a user is rounded down, to at least one. */
  create(name: string, perMinute: number, keyOf: KeyOf): RateLimit {
    const max = Math.max(1, Math.floor(perMinute));
    const keys = new WeakMap<FastifyRequest, string>();
    const keyGenerator = (request: FastifyRequest) => `${name}:${keys.get(request) ?? request.ip}`;
    const state = this.fastify.createRateLimit({ max, timeWindow: 60_000, keyGenerator });
    return new RateLimit(max, keyOf, (request, key) => {
      keys.set(request, key);
      return this.#inTime(() => state(request));
    });
  }

  /** Null while Redis does not respond: a limit must not hold requests back. */
  async #inTime(count: () => Promise<State>): Promise<State | null> {
    if (performance.now() < this.#pausedUntil) return null;
    try {
      return await withTimeout(count(), this.#timeoutMs);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      this.#pausedUntil = performance.now() + PAUSE_MS;
      return null;
    }
  }
}
