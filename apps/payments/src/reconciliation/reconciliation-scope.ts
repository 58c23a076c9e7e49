/** What a reconciliation compares with the providers. The checks of this database are always complete. */
export interface ReconciliationScope {
  /** Only the payments, disputes and transfers from this instant on; null: all. */
  since: Date | null;
  /** Ends the reading of the providers. */
  signal: AbortSignal;
  /** Called with the number of payments that were read at the providers so far. */
  onProgress?: (providerPayments: number) => void;
}

/**
 * What is created here shortly after the start of a window may be created earlier by the clock of its provider. The list of
 * the provider starts earlier by this long, so that it is not read one by one.
 */
const MARGIN_MS = 24 * 60 * 60_000;

/** The filter of a provider's list for a scope. */
export const listFilter = ({ since }: ReconciliationScope) => ({
  createdSince: since && new Date(since.getTime() - MARGIN_MS),
});

export const BATCH_SIZE = 100;

/** Reads a list of a provider in batches, until the signal ends it. */
export async function* inBatches<T>(list: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T[]> {
  let batch: T[] = [];
  for await (const item of list) {
    signal.throwIfAborted();
    if (batch.push(item) < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
