import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { tagsMatch } from './etag.js';
import { endOfRequest } from './request-end.js';
import { UserSlots } from './user-slots.js';

export const MAX_WAIT_SECONDS = 20;
export const MAX_WAITS_PER_USER = 4;

/** The wait that `Prefer: wait=N` and `If-None-Match` request; `seconds` is 0 without `Prefer`. */
export interface WaitRequest {
  seconds: number;
  etag: string | null;
  user: string | null;
  signal: AbortSignal;
}

/** `@Wait() wait: WaitRequest`: spread it into `waitForChange`. */
export const Wait = createParamDecorator((_: unknown, context: ExecutionContext): WaitRequest => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return {
    seconds: waitSeconds(request.headers.prefer),
    etag: request.headers['if-none-match'] ?? null,
    user: request.roost.user?.id ?? null,
    signal: endOfRequest(request),
  };
});

/** The seconds in a `Prefer` header: 0 without `wait`, at most 20. */
export function waitSeconds(prefer: string | string[] | undefined): number {
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,5})"?(?=$|[,;\s])/i.exec(String(prefer ?? ''));
  return match ? Math.min(Number(match[1]), MAX_WAIT_SECONDS) : 0;
}

const waits = new UserSlots(MAX_WAITS_PER_USER, 'rate.too_many_waits');

/**
 * Calls `read` until its ETag differs from the caller's (without one: until it is not `null`), or the time is over.
 * Returns the last result. Throws 429 `rate.too_many_waits` if the user has four waits.
 */
export async function waitForChange<S extends { value: unknown; etag: string } | null>(options: {
  read: () => Promise<S>;
  etag: string | null;
  seconds: number;
  user: string | null;
  signal?: AbortSignal;
}): Promise<S> {
  const { read, etag, seconds, user, signal } = options;
  const changed = (state: { etag: string } | null) =>
    state !== null && (etag === null || !tagsMatch(etag, state.etag));
  let state = await read();
  if (seconds <= 0 || changed(state)) return state;
  const release = waits.take(user ?? '');
  try {
    const until = performance.now() + seconds * 1000;
    for (let pause = 20; performance.now() < until && !signal?.aborted; pause = Math.min(pause * 1.5, 250)) {
      await delay(
        Math.max(1, Math.min(pause, until - performance.now())),
        undefined,
        signal ? { signal } : {},
      ).catch(() => undefined);
      state = await read();
      if (changed(state)) break;
    }
    return state;
  } finally {
    release();
  }
}
