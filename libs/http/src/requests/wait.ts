import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from '@roost/platform';
import { tagsMatch } from './etag.js';

export const MAX_WAIT_SECONDS = 20;
export const MAX_WAITS_PER_USER = 4;

/** What `Prefer: wait=N` and `If-None-Match` ask for; `seconds` is 0 when nothing was asked. */
export interface WaitRequest {
  seconds: number;
  etag: string | null;
  user: string | null;
  signal: AbortSignal;
}

/** `@Wait() wait: WaitRequest`, to be spread into `waitForChange`. */
export const Wait = createParamDecorator((_: unknown, context: ExecutionContext): WaitRequest => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const gone = new AbortController();
  const socket = request.raw.socket;
  const abort = () => gone.abort();
  socket.once('close', abort);
  request.roost.reply.raw.once('close', () => {
    socket.off('close', abort);
    abort();
  });
  return {
    seconds: waitSeconds(request.headers.prefer),
    etag: request.headers['if-none-match'] ?? null,
    user: request.roost.user?.id ?? null,
    signal: AbortSignal.any([gone.signal, request.roost.closing]),
  };
});

export function waitSeconds(prefer: string | string[] | undefined): number {
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,5})"?(?=$|[,;\s])/i.exec(String(prefer ?? ''));
  return match ? Math.min(Number(match[1]), MAX_WAIT_SECONDS) : 0;
}

const waiting = new Map<string, number>();

/**
 * Reads until the state differs from the caller's ETag (without one: until it exists), or the time is over, and
 * returns the last read. `read` gives `null` while there is nothing.
 */
export async function waitForChange<S extends { value: unknown; etag: string } | null>(options: {
  read: () => Promise<S>;
  etag: string | null;
  seconds: number;
  user: string | null;
  signal?: AbortSignal;
}): Promise<S> {
  const { read, etag, seconds, user, signal } = options;
  const settled = (state: { etag: string } | null) =>
    state !== null && (etag === null || !tagsMatch(etag, state.etag));
  let state = await read();
  if (seconds <= 0 || settled(state)) return state;
  const who = user ?? '';
  const others = waiting.get(who) ?? 0;
  if (others >= MAX_WAITS_PER_USER)
    throw new Problem('rate.too_many_waits', undefined, {}, { 'retry-after': '1' });
  waiting.set(who, others + 1);
  try {
    const until = performance.now() + seconds * 1000;
    for (let pause = 20; performance.now() < until && !signal?.aborted; pause = Math.min(pause * 1.5, 250)) {
      await delay(
        Math.max(1, Math.min(pause, until - performance.now())),
        undefined,
        signal ? { signal } : {},
      ).catch(() => undefined);
      state = await read();
      if (settled(state)) break;
    }
    return state;
  } finally {
    const left = (waiting.get(who) ?? 1) - 1;
    if (left > 0) waiting.set(who, left);
    else waiting.delete(who);
  }
}
