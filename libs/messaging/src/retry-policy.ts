/** Four waits: the fifth try is the last of an event that fails by its own fault. About 5 s in all. */
export const RETRY_DELAYS_MS: readonly number[] = [100, 400, 1500, 3000];

/** While the database or the network is away, each key asks again at this pace, for ever. */
export function transientDelayMs(tries: number): number {
  const ceiling = Math.min(5000, 50 * 2 ** Math.min(tries, 10));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}
