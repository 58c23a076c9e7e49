import { CURRENCIES, decimals } from '@roost/money';
import fc from 'fast-check';
import { fromStripeAmount, toStripeAmount } from './stripe-amount.js';

test.each([
  ['USD', 27_280, 27_280],
  ['JPY', 15_000, 15_000],
  ['KWD', 12_340, 12_340],
  ['KWD', 12_345, null],
  ['BHD', 1, null],
  ['OMR', 10, 10],
  // Two decimals in the API, none in ISO 4217.
  ['ISK', 500, 50_000],
  ['UGX', 5, 500],
  // No decimals in the API, two in ISO 4217.
  ['MGA', 500, 5],
  ['MGA', 550, null],
  ['ISK', Number.MAX_SAFE_INTEGER, null],
])('sends %s %d as %d', (currency, amountMinor, expected) => {
  expect(toStripeAmount(amountMinor, currency)).toBe(expected);
});

test('an amount that is sent is read back unchanged', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...CURRENCIES),
      fc.integer({ min: 1, max: 99_999_999 }),
      (currency, amount) => {
        const sent = toStripeAmount(amount, currency);
        if (sent !== null) expect(fromStripeAmount(sent, currency)).toBe(amount);
      },
    ),
  );
});

test('every currency can charge whole units', () => {
  for (const currency of CURRENCIES) {
    expect(toStripeAmount(7 * 10 ** decimals(currency), currency)).not.toBeNull();
  }
});

test('reads a currency that Roost does not have without a conversion', () => {
  expect(fromStripeAmount(1_234, 'USDC')).toBe(1_234);
});
