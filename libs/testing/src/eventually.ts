import { setTimeout as pause } from 'node:timers/promises';

/** Repeats an expectation until it holds; after the deadline its last complaint is the failure. */
export async function eventually<T>(
  expectation: () => T | Promise<T>,
  options: { seconds?: number } = {},
): Promise<T> {
  const deadline = performance.now() + (options.seconds ?? 20) * 1000;
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    try {
      return await expectation();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(wait);
  }
}
