import { checkPrices, PriceRules } from './index.js';

const pointers = (currency: string, rules: object) =>
  checkPrices(PriceRules.parse({ basePriceMinor: 10_000, ...rules }), currency).map(({ pointer }) => pointer);
const night = (priceMinor: number) => ({ from: '2027-06-10', to: '2027-06-12', priceMinor });
const tax = { name: 'City', kind: 'per_night' };

test.each<[string, string, object]>([
  ['USD', '/basePriceMinor', { basePriceMinor: 49 }],
  ['USD', '/basePriceMinor', { basePriceMinor: 100_000_000 }],
  ['USD', '/weekendPriceMinor', { weekendPriceMinor: 1 }],
  ['USD', '/overrides/1/priceMinor', { overrides: [night(50), night(100_000_000)] }],
  ['USD', '/cleaningFeeMinor', { cleaningFeeMinor: 100_000_000 }],
  ['USD', '/extraGuest/perNightMinor', { extraGuest: { above: 1, perNightMinor: 100_000_000 } }],
  ['USD', '/minNightMinor', { minNightMinor: 100_000_000 }],
  ['USD', '/taxes/0/amountMinor', { taxes: [{ ...tax, amountMinor: 100_000_000 }] }],
  ['JPY', '/basePriceMinor', { basePriceMinor: 49 }],
  ['JPY', '/basePriceMinor', { basePriceMinor: 100_000_000 }],
  ['KWD', '/basePriceMinor', { basePriceMinor: 49 }],
  ['KWD', '/basePriceMinor', { basePriceMinor: 100_000_000 }],
  ['HUF', '/basePriceMinor', {}],
  ['ISK', '/basePriceMinor', { basePriceMinor: 10_000_000_000 }],
])('refuses in %s %s of %j', (currency, pointer, rules) => {
  expect(pointers(currency, rules)).toEqual([pointer]);
});

test.each<[string, object]>([
  ['USD', { basePriceMinor: 50 }],
  ['USD', { basePriceMinor: 99_999_999 }],
  ['USD', { cleaningFeeMinor: 1, extraGuest: { above: 1, perNightMinor: 1 }, minNightMinor: 1 }],
  ['USD', { taxes: [{ ...tax, amountMinor: 1 }] }],
  ['JPY', { basePriceMinor: 50 }],
  ['KWD', { basePriceMinor: 12_345 }],
  ['IDR', { basePriceMinor: 150_000_000_00 }],
])('accepts in %s %j', (currency, rules) => {
  expect(pointers(currency, rules)).toEqual([]);
});

test('names the amounts that are possible', () => {
  const [refusal] = checkPrices(PriceRules.parse({ basePriceMinor: 49 }), 'JPY');
  expect(refusal?.detail).toBe('Must be from ¥50 to ¥99,999,999, the amounts that payments in JPY can have');
});
