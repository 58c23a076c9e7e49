/** Wrong passwords an account takes before it begins to wait. */
export const FREE_FAILURES = 5;
const FIRST_WAIT_SECONDS = 30;
/** Long enough to make guessing hopeless, short enough that a stranger can't keep the owner out for a day. */
const LONGEST_WAIT_SECONDS = 15 * 60;
/** After this long without a failure, old ones no longer count. */
const FORGET_AFTER_SECONDS = 24 * 60 * 60;

export interface Attempts {
  failures: number;
  lockedUntil: Date | null;
  lastFailedAt: Date | null;
}

export const NO_ATTEMPTS: Attempts = { failures: 0, lockedUntil: null, lastFailedAt: null };

/** Seconds to wait after this many failures in a row: none, then 30 s, doubled with each further one. */
export function waitSeconds(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(FIRST_WAIT_SECONDS * 2 ** (failures - FREE_FAILURES), LONGEST_WAIT_SECONDS);
}

export type Admission = { locked: true; retryAfterSeconds: number } | { locked: false; attempts: Attempts };

/**
 * Admits one try, counted as a failure from the start: tries that run side by side can't all be let in on
 * the count that the first of them saw. A success wipes the count. While locked nothing is counted, so
 * knocking does not lengthen the wait.
 */
export function admitTry(attempts: Attempts, now: Date): Admission {
  const wait = attempts.lockedUntil ? attempts.lockedUntil.getTime() - now.getTime() : 0;
  if (wait > 0) return { locked: true, retryAfterSeconds: Math.ceil(wait / 1000) };
  const quietMs = attempts.lastFailedAt ? now.getTime() - attempts.lastFailedAt.getTime() : 0;
  const failures = (quietMs >= FORGET_AFTER_SECONDS * 1000 ? 0 : attempts.failures) + 1;
  const seconds = waitSeconds(failures);
  return {
    locked: false,
    attempts: {
      failures,
      lockedUntil: seconds > 0 ? new Date(now.getTime() + seconds * 1000) : null,
      lastFailedAt: now,
    },
  };
}
