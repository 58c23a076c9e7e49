import { priceHistogram } from './price-histogram.js';

const once = (...prices: number[]) => prices.map((priceMinor) => ({ priceMinor, count: 1 }));

test('has no buckets without prices, and one for one price', () => {
  expect(priceHistogram([])).toEqual([]);
  expect(priceHistogram([{ priceMinor: 500, count: 3 }])).toEqual([
    { fromMinor: 500, toMinor: 500, count: 3 },
  ]);
});

test('counts each price in the bucket that contains it', () => {
  const prices = once(...Array.from({ length: 1000 }, (_, n) => 1000 + ((n * 37) % 997)));
  const buckets = priceHistogram(prices);
  expect(buckets).toHaveLength(20);
  for (const [n, { fromMinor, toMinor, count }] of buckets.entries()) {
    expect(fromMinor).toBe(n === 0 ? 1000 : (buckets[n - 1]?.toMinor ?? NaN) + 1);
    expect(count).toBe(
      prices.filter(({ priceMinor }) => priceMinor >= fromMinor && priceMinor <= toMinor).length,
    );
  }
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
});

test('puts a few very high prices into the last bucket', () => {
  const buckets = priceHistogram([
    ...once(...Array.from({ length: 95 }, (_, n) => 100 + n)),
    ...once(9_000_000),
  ]);
  expect(buckets.at(-1)).toEqual({ fromMinor: 195, toMinor: 9_000_000, count: 1 });
  expect(buckets[0]).toEqual({ fromMinor: 100, toMinor: 104, count: 5 });
});
