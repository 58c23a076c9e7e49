import fc from 'fast-check';
import type { Split } from './posting.js';
import { type Holding, type Party, settle, shareOfDifference, totalOf } from './settlement.js';

const minor = fc.integer({ min: 0, max: 1_000_000 });
const split = fc.record({ hostMinor: minor, platformMinor: minor, taxMinor: minor });
const holdings = fc
  .array(split, { minLength: 1, maxLength: 5 })
  .map((lefts) => lefts.map((left, order): Holding => ({ paymentId: `payment-${order}`, left })));
const parties: Party[] = ['hostMinor', 'platformMinor', 'taxMinor'];
const held = (of: readonly { left: Split }[]) => of.reduce((sum, { left }) => sum + totalOf(left), 0);

/** The movements played one after the other, as the ledger would; nobody may go below nothing on the way. */
function play(before: readonly Holding[], settled: ReturnType<typeof settle>): Split {
  const end: Split = { hostMinor: 0, platformMinor: 0, taxMinor: 0 };
  for (const { paymentId, left } of before) {
    const own = settled.find((one) => one.paymentId === paymentId);
    const rest = { ...left };
    for (const { from, to, amountMinor } of own?.moves ?? []) {
      expect(amountMinor).toBeGreaterThan(0);
      rest[from] -= amountMinor;
      rest[to] += amountMinor;
      expect(rest[from]).toBeGreaterThanOrEqual(0);
    }
    for (const party of parties) {
      expect(own?.refund[party]).toBeGreaterThanOrEqual(0);
      rest[party] -= own?.refund[party] ?? 0;
      expect(rest[party]).toBeGreaterThanOrEqual(0);
      end[party] += rest[party];
    }
    expect(own?.kept).toEqual(rest);
  }
  return end;
}

test('each party ends with what the target says, to the unit', () => {
  fc.assert(
    fc.property(holdings, fc.double({ min: 0, max: 1, noNaN: true }), split, (given, share, weights) => {
      const refundMinor = Math.floor(held(given) * share);
      const target = shareOfDifference(weights, null, held(given) - refundMinor);
      const settled = settle(given, refundMinor, target);
      expect(settled.reduce((sum, { refund }) => sum + totalOf(refund), 0)).toBe(refundMinor);
      expect(play(given, settled)).toEqual(target);
    }),
    { numRuns: 2_000 },
  );
});

test('a target that does not fit: the refund goes out all the same, each gives up in proportion', () => {
  fc.assert(
    fc.property(holdings, minor, split, (given, refundMinor, target) => {
      const settled = settle(given, refundMinor, target);
      const out = settled.reduce((sum, { refund }) => sum + totalOf(refund), 0);
      expect(out).toBe(Math.min(refundMinor, held(given)));
      play(given, settled);
    }),
    { numRuns: 1_000 },
  );
});

describe('by hand', () => {
  const original = {
    paymentId: 'original',
    left: { hostMinor: 21_340, platformMinor: 3_740, taxMinor: 2_200 },
  };
  const longer = { paymentId: 'longer', left: { hostMinor: 9_700, platformMinor: 1_700, taxMinor: 1_000 } };

  test('what fits into the newest payment leaves the others alone', () => {
    const target = { hostMinor: 28_130, platformMinor: 4_930, taxMinor: 2_900 };
    expect(settle([longer, original], 3_720, target)).toEqual([
      {
        paymentId: 'longer',
        refund: { hostMinor: 2_910, platformMinor: 510, taxMinor: 300 },
        moves: [],
        kept: { hostMinor: 6_790, platformMinor: 1_190, taxMinor: 700 },
      },
      {
        paymentId: 'original',
        refund: { hostMinor: 0, platformMinor: 0, taxMinor: 0 },
        moves: [],
        kept: original.left,
      },
    ]);
  });

  test('nothing goes back, but the stay is long enough now to be free of tax: the tax changes hands', () => {
    const target = { hostMinor: 32_000, platformMinor: 7_680, taxMinor: 0 };
    const settled = settle([longer, original], 0, target);
    expect(settled.flatMap(({ moves }) => moves)).toEqual([
      { from: 'taxMinor', to: 'hostMinor', amountMinor: 960 },
      { from: 'taxMinor', to: 'platformMinor', amountMinor: 40 },
      { from: 'taxMinor', to: 'platformMinor', amountMinor: 2_200 },
    ]);
    expect(play([longer, original], settled)).toEqual(target);
  });
});

test('who gets the difference: those whose part grows, and nobody less than nothing', () => {
  const before = { hostMinor: 20_000, platformMinor: 4_000, taxMinor: 2_000 };
  expect(
    shareOfDifference(before, { hostMinor: 30_000, platformMinor: 6_000, taxMinor: 3_000 }, 13_000),
  ).toEqual({
    hostMinor: 10_000,
    platformMinor: 2_000,
    taxMinor: 1_000,
  });
  expect(shareOfDifference(before, { hostMinor: 30_000, platformMinor: 6_000, taxMinor: 0 }, 10_000)).toEqual(
    {
      hostMinor: 8_333,
      platformMinor: 1_667,
      taxMinor: 0,
    },
  );
  fc.assert(
    fc.property(split, fc.option(split), minor, (old, next, difference) => {
      const share = shareOfDifference(old, next, difference);
      expect(totalOf(share)).toBe(difference);
      expect(Math.min(share.hostMinor, share.platformMinor, share.taxMinor)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 1_000 },
  );
});
