/** Failures in a row without a wait. The wait starts with this failure. */
export const FREE_FAILURES = 5;
const FIRST_WAIT_SECONDS = 30;
/** Long enough to stop guessing, short enough that an attacker cannot lock the owner out for a day. */
const LONGEST_WAIT_SECONDS = 15 * 60;
/** Failures expire after this time without a further failure. */
const RESET_AFTER_SECONDS = 24 * 60 * 60;

export interface Attempts {
  failures: number;
  lockedUntil: Date | null;
  lastFailedAt: Date | null;
}

export const NO_ATTEMPTS: Attempts = { failures: 0, lockedUntil: null, lastFailedAt: null };

/** Seconds to wait after this many failures in a row: 0, then 30 s, doubled with each further failure up to 15 min. */
export function waitSeconds(failures: number, freeFailures = FREE_FAILURES): number {
  if (failures < freeFailures) return 0;
  return Math.min(FIRST_WAIT_SECONDS * 2 ** (failures - freeFailures), LONGEST_WAIT_SECONDS);
}

export type Admission = { locked: true; retryAfterSeconds: number } | { locked: false; attempts: Attempts };

/**
 * Admits one attempt and counts it as a failure in advance, so that concurrent attempts cannot all be admitted on the
 * count that the first of them read. A success resets the count. Attempts while locked are not counted and do not
 * extend the wait.
 */
export function admitAttempt(attempts: Attempts, now: Date, freeFailures = FREE_FAILURES): Admission {
  const waitMs = attempts.lockedUntil ? attempts.lockedUntil.getTime() - now.getTime() : 0;
  if (waitMs > 0) return { locked: true, retryAfterSeconds: Math.ceil(waitMs / 1000) };
  const quietMs = attempts.lastFailedAt ? now.getTime() - attempts.lastFailedAt.getTime() : 0;
  const failures = (quietMs >= RESET_AFTER_SECONDS * 1000 ? 0 : attempts.failures) + 1;
  const seconds = waitSeconds(failures, freeFailures);
  return {
    locked: false,
    attempts: {
      failures,
      lockedUntil: seconds > 0 ? new Date(now.getTime() + seconds * 1000) : null,
      lastFailedAt: now,
    },
  };
}
