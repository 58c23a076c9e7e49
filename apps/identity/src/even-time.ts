import { setTimeout as delay } from 'node:timers/promises';

/** Longer than the work takes on an idle machine, whichever way it goes. */
const FLOOR_MS = 75;

/**
 * Answers no sooner than after a fixed time. Sending a mail costs more than sending none; without this the
 * time of the answer would tell whether an address has an account.
 */
export async function inEvenTime(work: () => Promise<void>): Promise<void> {
  const results = await Promise.allSettled([work(), delay(FLOOR_MS)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
