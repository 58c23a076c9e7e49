import { setTimeout as wait } from 'node:timers/promises';

/** Waits for work's end, good or bad, but no longer than that. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  const { signal } = enough;
  await Promise.race([
    work.catch(() => undefined),
    wait(milliseconds, undefined, { signal }).catch(() => undefined),
  ]);
  enough.abort();
}
