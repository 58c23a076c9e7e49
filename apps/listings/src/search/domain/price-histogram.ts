const BUCKETS = 20;

export interface PriceCount {
  priceMinor: number;
  count: number;
}

/** `fromMinor` and `toMinor` are both included, as in `minPrice` and `maxPrice`. */
export interface PriceBucket {
  fromMinor: number;
  toMinor: number;
  count: number;
}

/**
 * At most 20 buckets without gaps from the lowest to the highest price. All but the last have one width, which the lowest
 * 95 % of the prices determine: a few very high prices do not move all others into one bucket.
 */
export function priceHistogram(prices: readonly PriceCount[]): PriceBucket[] {
  const sorted = prices.toSorted((a, b) => a.priceMinor - b.priceMinor);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (lowest === undefined || highest === undefined) return [];
  const min = lowest.priceMinor;
  const width = Math.max(1, Math.ceil((percentile95(sorted) - min + 1) / (BUCKETS - 1)));
  const indexOf = (priceMinor: number) => Math.min(BUCKETS - 1, Math.floor((priceMinor - min) / width));
  const last = indexOf(highest.priceMinor);
  const buckets = Array.from({ length: last + 1 }, (_, n) => ({
    fromMinor: min + n * width,
    toMinor: n === last ? highest.priceMinor : min + (n + 1) * width - 1,
    count: 0,
  }));
  for (const { priceMinor, count } of sorted) {
    const bucket = buckets[indexOf(priceMinor)];
    if (bucket) bucket.count += count;
  }
  return buckets;
}

function percentile95(sorted: readonly PriceCount[]): number {
  let remaining = 0.95 * sorted.reduce((sum, { count }) => sum + count, 0);
  for (const { priceMinor, count } of sorted) {
    remaining -= count;
    if (remaining <= 0) return priceMinor;
  }
  throw new RangeError('there are no prices');
}
