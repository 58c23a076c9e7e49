import fc from 'fast-check';
import { MAX_MINOR, allocate, percentOf, roundHalfEven, sum } from './index.js';

describe('roundHalfEven', () => {
  it.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [5n, -2n, -2n],
    [1n, 2n, 0n],
    [3n, 2n, 2n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [-2n, 3n, -1n],
    [6n, 3n, 2n],
    [0n, 7n, 0n],
  ])('%s / %s is %s', (numerator, denominator, expected) => {
    expect(roundHalfEven(numerator, denominator)).toBe(expected);
  });

  it('rejects a division by zero', () => {
    expect(() => roundHalfEven(1n, 0n)).toThrow(RangeError);
  });

  it('differs from the exact quotient by at most a half, and is even if by a half', () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(10n ** 20n), 10n ** 20n),
        fc.bigInt(1n, 10n ** 9n),
        (numerator, denominator) => {
          const rounded = roundHalfEven(numerator, denominator);
          const off = 2n * (numerator - rounded * denominator);
          const distance = off < 0n ? -off : off;
          expect(distance <= denominator).toBe(true);
          if (distance === denominator) expect(rounded % 2n).toBe(0n);
        },
      ),
    );
  });
});

describe('percentOf', () => {
  it.each([
    [12_345, 1_400, 1_728],
    [50, 100, 0],
    [150, 100, 2],
    [250, 100, 2],
    [-150, 100, -2],
    [0, 10_000, 0],
    [MAX_MINOR, 10_000, MAX_MINOR],
    [Number.MAX_SAFE_INTEGER, 9_999, 9_006_298_534_815_517],
  ])('%d at %d bps is %d', (amountMinor, bps, expected) => {
    expect(percentOf(amountMinor, bps)).toBe(expected);
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('rejects %d as an amount', (amountMinor) => {
    expect(() => percentOf(amountMinor, 100)).toThrow(RangeError);
  });
});

describe('allocate', () => {
  it.each([
    [100, [1, 1, 1], [34, 33, 33]],
    [-100, [1, 1, 1], [-34, -33, -33]],
    [5, [3, 7], [2, 3]],
    [1, [1, 1], [1, 0]],
    [0, [5, 9], [0, 0]],
    [7, [0, 1], [0, 7]],
    [3, [0, 0], [2, 1]],
    [10, [1, 2, 4], [1, 3, 6]],
    [0, [], []],
  ])('%d over %j is %j', (totalMinor, weights, expected) => {
    expect(allocate(totalMinor, weights)).toEqual(expected);
  });

  it('rejects fractions, negative weights and an amount without weights', () => {
    expect(() => allocate(1, [])).toThrow(RangeError);
    expect(() => allocate(1, [1, -1])).toThrow(RangeError);
    expect(() => allocate(1.5, [1])).toThrow(RangeError);
    expect(() => allocate(1, [0.5])).toThrow(RangeError);
  });

  it('sums to the total, and every share differs from the exact share by less than 1', () => {
    const weights = fc.array(fc.integer({ min: 0, max: MAX_MINOR }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: -MAX_MINOR, max: MAX_MINOR }), weights, (totalMinor, parts) => {
        const shares = allocate(totalMinor, parts);
        expect(sum(shares)).toBe(totalMinor);
        const weightTotal = BigInt(sum(parts));
        if (weightTotal === 0n) return;
        shares.forEach((share, order) => {
          const off = BigInt(share) * weightTotal - BigInt(totalMinor) * BigInt(parts[order] ?? 0);
          expect(off < weightTotal && off > -weightTotal).toBe(true);
        });
      }),
    );
  });

  it('divides a negative total like its absolute value', () => {
    const weights = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), weights, (totalMinor, parts) => {
        expect(allocate(-totalMinor, parts)).toEqual(
          allocate(totalMinor, parts).map((share) => (share === 0 ? 0 : -share)),
        );
      }),
    );
  });
});

describe('sum', () => {
  it('adds whole amounts and rejects fractions and unsafe sums', () => {
    expect(sum([])).toBe(0);
    expect(sum([1, -3, 7])).toBe(5);
    expect(() => sum([Number.MAX_SAFE_INTEGER, 1])).toThrow(RangeError);
    expect(() => sum([0.1, 0.2])).toThrow(RangeError);
  });
});
