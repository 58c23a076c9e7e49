/** Delays between the tries of an event whose handler fails; after the fifth try it is dead-lettered. 5 s in total. */
export const RETRY_DELAYS_MS: readonly number[] = [100, 400, 1500, 3000];

/** The delay while the database or the network is unavailable: exponential with jitter, at most 5 s, without a last try. */
export function transientDelayMs(tries: number): number {
  const ceiling = Math.min(5000, 50 * 2 ** Math.min(tries, 10));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}
