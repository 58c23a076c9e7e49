import fc from 'fast-check';
import {
  chargeBounds,
  CURRENCIES,
  decimals,
  isPayable,
  MAX_MINOR,
  roundDownToStep,
  roundUpToStep,
} from './index.js';

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

  it('has a step other than 1 only in currencies of three decimals', () => {
    const stepped = CURRENCIES.filter((currency) => chargeBounds(currency).stepMinor !== 1);
    expect(stepped).toEqual(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);
    expect(stepped.every((currency) => decimals(currency) === 3)).toBe(true);
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

describe('the rounding to a step', () => {
  it.each([
    [0, 10, 0, 0],
    [9, 10, 0, 10],
    [10, 10, 10, 10],
    [2_903_449, 10, 2_903_440, 2_903_450],
    [7, 1, 7, 7],
    [MAX_MINOR + 1, 10, MAX_MINOR, MAX_MINOR + 10],
  ])('of %d to a step of %d is %d down and %d up', (amountMinor, stepMinor, down, up) => {
    expect(roundDownToStep(amountMinor, stepMinor)).toBe(down);
    expect(roundUpToStep(amountMinor, stepMinor)).toBe(up);
  });

  it('differs from the amount by less than the step', () => {
    fc.assert(
      fc.property(fc.nat(MAX_MINOR), fc.integer({ min: 1, max: 1_000 }), (amountMinor, stepMinor) => {
        const [down, up] = [roundDownToStep(amountMinor, stepMinor), roundUpToStep(amountMinor, stepMinor)];
        expect([down % stepMinor, up % stepMinor]).toEqual([0, 0]);
        expect(amountMinor - down).toBeLessThan(stepMinor);
        expect(up - amountMinor).toBeLessThan(stepMinor);
        expect(down <= amountMinor && amountMinor <= up).toBe(true);
      }),
    );
  });

  it.each([
    [-1, 10],
    [0.5, 10],
    [10, 0],
    [10, 1.5],
  ])('rejects %d with a step of %d', (amountMinor, stepMinor) => {
    expect(() => roundDownToStep(amountMinor, stepMinor)).toThrow(RangeError);
    expect(() => roundUpToStep(amountMinor, stepMinor)).toThrow(RangeError);
  });
});
