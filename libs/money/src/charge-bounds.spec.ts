import { chargeBounds, CURRENCIES, isPayable, MAX_MINOR } from './index.js';

describe('chargeBounds', () => {
  it.each([
    ['USD', 50, 99_999_999, 1],
    ['GBP', 30, 99_999_999, 1],
    ['AED', 200, 99_999_999, 1],
    ['HUF', 17_500, 999_999_999_999, 1],
    ['JPY', 50, 99_999_999, 1],
    ['KRW', 50, 99_999_999, 1],
    ['KWD', 50, 99_999_999, 10],
    ['IDR', 50, 999_999_999_999, 1],
    ['COP', 50, 9_999_999_999, 1],
    ['INR', 50, 999_999_999, 1],
    ['ISK', 50, 9_999_999_999, 1],
    ['UGX', 50, 9_999_999_999, 1],
    ['NGN', 5_000, 999_999_999_999, 1],
    ['VND', 50, 999_999_999_999, 1],
    ['ZAR', 50, 99_999_999, 1],
  ])('%s: from %d to %d, in steps of %d', (currency, minMinor, maxMinor, stepMinor) => {
    expect(chargeBounds(currency)).toEqual({ minMinor, maxMinor, stepMinor });
  });

  it('has the default for a currency that no provider documents', () => {
    expect(chargeBounds('XPF')).toEqual({ minMinor: 50, maxMinor: 99_999_999, stepMinor: 1 });
  });

  it('is within the maximum of an amount in every currency', () => {
    for (const currency of CURRENCIES) {
      const { minMinor, maxMinor } = chargeBounds(currency);
      expect(minMinor).toBeLessThan(maxMinor);
      expect(maxMinor).toBeLessThanOrEqual(MAX_MINOR);
    }
  });

  it('rejects an unknown currency', () => {
    expect(() => chargeBounds('XXX')).toThrow(RangeError);
  });
});

describe('isPayable', () => {
  it.each([
    ['USD', 0, true],
    ['USD', 49, false],
    ['USD', 50, true],
    ['USD', 99_999_999, true],
    ['USD', 100_000_000, false],
    ['JPY', 49, false],
    ['JPY', 50, true],
    ['JPY', 100_000_000, false],
    ['KWD', 49, false],
    ['KWD', 12_345, true],
  ])('%s %d: %s', (currency, amountMinor, expected) => {
    expect(isPayable(amountMinor, chargeBounds(currency))).toBe(expected);
  });
});
