/**
 * Works on several items at once, at most `lanes`: one that waits for a provider does not delay the others. A failure is
 * passed to `failed`, and does not block the others.
 */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<unknown>,
  failed: (error: unknown) => void,
): Promise<void> {
  const remaining = items.values();
  const lane = async () => {
    for (const item of remaining) {
      try {
        await work(item);
      } catch (error) {
        failed(error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
