/** How many items are worked on at once. Most of the time of each is spent waiting for a provider. */
interface Lanes {
  lanes: number;
  onError: (error: unknown) => void;
}

/** Works on all items, several at once. A failure does not block the batch: the row is retried when it is due again. */
export async function inLanes<T>(
  items: readonly T[],
  { lanes, onError }: Lanes,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const remaining = items.values();
  const lane = async () => {
    for (const item of remaining) {
      try {
        await work(item);
      } catch (error) {
        onError(error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
