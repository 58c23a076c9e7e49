import { addMilliseconds } from '@roost/stay';

export const POLL_MINUTES = 15;
export const MAX_PAUSE_HOURS = 6;

/**
 * The next poll of a feed: after 15 minutes, and after each failure in a row after twice the pause, up to 6 hours. `jitter` in
 * [0, 1) spreads feeds that were added together by ±10 %.
 */
export function nextPoll(now: Date, failures: number, jitter: number): Date {
  const minutes = Math.min(POLL_MINUTES * 2 ** Math.min(failures, 10), MAX_PAUSE_HOURS * 60);
  return addMilliseconds(now, Math.round(minutes * 60_000 * (0.9 + 0.2 * jitter)));
}
