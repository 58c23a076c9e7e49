import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats an expectation until it holds. Throws its last error after the deadline (default 20 s). */
export async function eventually<T>(
  expectation: () => T | Promise<T>,
  options: { seconds?: number } = {},
): Promise<T> {
  const deadline = performance.now() + (options.seconds ?? 20) * 1000;
  for (let delayMs = 5; ; delayMs = Math.min(delayMs * 2, 100)) {
    try {
      return await expectation();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(delayMs);
  }
}
