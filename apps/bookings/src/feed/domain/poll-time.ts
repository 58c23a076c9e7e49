import { addMilliseconds } from '@roost/stay';

export const POLL_MINUTES = 15;
export const LONGEST_PAUSE_HOURS = 6;

/**
 * When to ask a feed again: every 15 minutes, and ever more rarely while it fails. `chance` in [0, 1) spreads those who
 * were added together.
 */
export function nextPoll(now: Date, failures: number, chance: number): Date {
  const minutes = Math.min(POLL_MINUTES * 2 ** Math.min(failures, 10), LONGEST_PAUSE_HOURS * 60);
  return addMilliseconds(now, Math.round(minutes * 60_000 * (0.9 + 0.2 * chance)));
}
