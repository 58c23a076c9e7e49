import { PriceRules } from '@roost/pricing';
import { refusedPrices } from './chargeable-prices.js';

const at = { pricing: '/pricing', currency: '/content/currency' };
const tooSmall = PriceRules.parse({ basePriceMinor: 49, weekendPriceMinor: 48 });
const none = { pricing: null, currency: null };

test('refuses each new price that is out of bounds', () => {
  const refused = refusedPrices(none, { pricing: tooSmall, currency: 'USD' }, at);
  expect(refused.map(({ pointer }) => pointer)).toEqual([
    '/pricing/basePriceMinor',
    '/pricing/weekendPriceMinor',
  ]);
});

test('refuses a new currency once, and names the price', () => {
  const refused = refusedPrices(
    { pricing: tooSmall, currency: null },
    { pricing: tooSmall, currency: 'JPY' },
    at,
  );
  expect(refused).toEqual([
    {
      pointer: '/content/currency',
      detail:
        'Does not fit /basePriceMinor: Must be from ¥50 to ¥99,999,999, the amounts that payments in JPY can have',
    },
  ]);
});

test('keeps stored prices that a later bound excludes', () => {
  const stored = { pricing: tooSmall, currency: 'USD' };
  expect(refusedPrices(stored, { ...stored }, at)).toEqual([]);
});

test('waits for the currency, and for the prices', () => {
  expect(refusedPrices(none, { pricing: tooSmall, currency: null }, at)).toEqual([]);
  expect(refusedPrices(none, { pricing: null, currency: 'USD' }, at)).toEqual([]);
});
