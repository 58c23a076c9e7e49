import { setTimeout as delay } from 'node:timers/promises';

/** Longer than either branch of the work takes on an idle machine. */
const MINIMUM_MS = 75;

/**
 * Runs `work` and returns after a fixed minimum time. Sending a mail takes longer than sending none; without the
 * minimum, the response time would reveal whether a mail address has an account.
 */
export async function withMinimumDuration<T>(work: () => Promise<T>): Promise<T> {
  const [result] = await Promise.allSettled([work(), delay(MINIMUM_MS)]);
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
