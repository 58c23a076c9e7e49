import fc from 'fast-check';
import type { Split } from './posting.js';
import {
  type Holding,
  type Party,
  type PaymentSettlement,
  settle,
  splitDifference,
  totalOf,
} from './settlement.js';

const minor = fc.integer({ min: 0, max: 1_000_000 });
const split = fc.record({ hostMinor: minor, platformMinor: minor, taxMinor: minor });
const holdings = fc
  .array(split, { minLength: 1, maxLength: 5 })
  .map((splits) => splits.map((remaining, index): Holding => ({ paymentId: `payment-${index}`, remaining })));
const parties: Party[] = ['hostMinor', 'platformMinor', 'taxMinor'];
const totalRemaining = (of: readonly Holding[]) =>
  of.reduce((sum, { remaining }) => sum + totalOf(remaining), 0);
const totalRefund = (of: readonly PaymentSettlement[]) =>
  of.reduce((sum, { refund }) => sum + totalOf(refund), 0);

/** Replays the transfers and refunds in order. No share may become negative in between. Returns the final shares. */
function replay(before: readonly Holding[], settlements: readonly PaymentSettlement[]): Split {
  const end: Split = { hostMinor: 0, platformMinor: 0, taxMinor: 0 };
  for (const { paymentId, remaining } of before) {
    const own = settlements.find((settlement) => settlement.paymentId === paymentId);
    const rest = { ...remaining };
    for (const { from, to, amountMinor } of own?.transfers ?? []) {
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
    expect(own?.retained).toEqual(rest);
  }
  return end;
}

test('each party retains exactly its target', () => {
  fc.assert(
    fc.property(holdings, fc.double({ min: 0, max: 1, noNaN: true }), split, (given, share, weights) => {
      const refundMinor = Math.floor(totalRemaining(given) * share);
      const target = splitDifference(weights, null, totalRemaining(given) - refundMinor);
      const settlements = settle(given, refundMinor, target);
      expect(totalRefund(settlements)).toBe(refundMinor);
      expect(replay(given, settlements)).toEqual(target);
    }),
    { numRuns: 2_000 },
  );
});

test('a target that does not fit: the refund is paid in full, split in proportion', () => {
  fc.assert(
    fc.property(holdings, minor, split, (given, refundMinor, target) => {
      const settlements = settle(given, refundMinor, target);
      expect(totalRefund(settlements)).toBe(Math.min(refundMinor, totalRemaining(given)));
      replay(given, settlements);
    }),
    { numRuns: 1_000 },
  );
});

describe('examples', () => {
  const original = {
    paymentId: 'original',
    remaining: { hostMinor: 21_340, platformMinor: 3_740, taxMinor: 2_200 },
  };
  const longer = {
    paymentId: 'longer',
    remaining: { hostMinor: 9_700, platformMinor: 1_700, taxMinor: 1_000 },
  };

  test('a refund that the newest payment covers leaves the other payments unchanged', () => {
    const target = { hostMinor: 28_130, platformMinor: 4_930, taxMinor: 2_900 };
    expect(settle([longer, original], 3_720, target)).toEqual([
      {
        paymentId: 'longer',
        refund: { hostMinor: 2_910, platformMinor: 510, taxMinor: 300 },
        transfers: [],
        retained: { hostMinor: 6_790, platformMinor: 1_190, taxMinor: 700 },
      },
      {
        paymentId: 'original',
        refund: { hostMinor: 0, platformMinor: 0, taxMinor: 0 },
        transfers: [],
        retained: original.remaining,
      },
    ]);
  });

  test('a stay that becomes tax-exempt without a refund: the tax is transferred', () => {
    const target = { hostMinor: 32_000, platformMinor: 7_680, taxMinor: 0 };
    const settlements = settle([longer, original], 0, target);
    expect(settlements.flatMap(({ transfers }) => transfers)).toEqual([
      { from: 'taxMinor', to: 'hostMinor', amountMinor: 960 },
      { from: 'taxMinor', to: 'platformMinor', amountMinor: 40 },
      { from: 'taxMinor', to: 'platformMinor', amountMinor: 2_200 },
    ]);
    expect(replay([longer, original], settlements)).toEqual(target);
  });
});

test('the additional cost is split among the parties whose share grows; no share is negative', () => {
  const before = { hostMinor: 20_000, platformMinor: 4_000, taxMinor: 2_000 };
  expect(
    splitDifference(before, { hostMinor: 30_000, platformMinor: 6_000, taxMinor: 3_000 }, 13_000),
  ).toEqual({
    hostMinor: 10_000,
    platformMinor: 2_000,
    taxMinor: 1_000,
  });
  expect(splitDifference(before, { hostMinor: 30_000, platformMinor: 6_000, taxMinor: 0 }, 10_000)).toEqual({
    hostMinor: 8_333,
    platformMinor: 1_667,
    taxMinor: 0,
  });
  fc.assert(
    fc.property(split, fc.option(split), minor, (old, next, difference) => {
      const share = splitDifference(old, next, difference);
      expect(totalOf(share)).toBe(difference);
      expect(Math.min(share.hostMinor, share.platformMinor, share.taxMinor)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 1_000 },
  );
});
