import fc from 'fast-check';
import {
  captureLegs,
  type Leg,
  penaltyLegs,
  refundFailedLegs,
  refundPaidLegs,
  refundReservedLegs,
  refundReturnedLegs,
  refundSplit,
  type Split,
  takeInProportion,
} from './posting.js';

const parties = { guestId: 'guest', hostId: 'host' };
const minor = fc.integer({ min: 0, max: 1_000_000_000 });
const split = fc.record({ hostMinor: minor, platformMinor: minor, taxMinor: minor });
const total = (given: Split) => given.hostMinor + given.platformMinor + given.taxMinor;

function balances(legs: Leg[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { debit, credit, amountMinor } of legs) {
    found[debit.code] = (found[debit.code] ?? 0) + amountMinor;
    found[credit.code] = (found[credit.code] ?? 0) - amountMinor;
  }
  return Object.fromEntries(Object.entries(found).filter(([, net]) => net !== 0));
}

describe('postings', () => {
  test('a capture balances the guest’s account and is owed in full to the parties', () => {
    const legs = captureLegs(parties, { hostMinor: 90, platformMinor: 7, taxMinor: 3 });
    expect(balances(legs)).toEqual({
      provider_clearing: 100,
      host_payable: -90,
      platform_revenue: -7,
      tax_payable: -3,
    });
  });

  test('a paid refund reverses its share of the capture; a failed refund has no effect', () => {
    const shares = { hostMinor: 90, platformMinor: 7, taxMinor: 3 };
    const captured = captureLegs(parties, shares);
    const reserved = refundReservedLegs(parties, shares);
    expect(balances([...captured, ...reserved, ...refundPaidLegs(100)])).toEqual({});
    expect(balances([...captured, ...reserved, ...refundFailedLegs(parties, shares)])).toEqual(
      balances(captured),
    );
  });

  test('a paid refund that is returned has no effect', () => {
    const shares = { hostMinor: 90, platformMinor: 7, taxMinor: 3 };
    const paid = [...refundReservedLegs(parties, shares), ...refundPaidLegs(100)];
    expect(balances([...paid, ...refundReturnedLegs(100), ...refundFailedLegs(parties, shares)])).toEqual({});
  });

  test('a penalty is deducted from the amount due to the host, also below zero', () => {
    expect(balances(penaltyLegs(parties, 50))).toEqual({ host_payable: 50, host_penalty: -50 });
    expect(penaltyLegs(parties, 0)).toEqual([]);
  });

  test('no movement is zero or between an account and itself', () => {
    fc.assert(
      fc.property(split, (given) => {
        const legs = [
          ...captureLegs(parties, given),
          ...refundReservedLegs(parties, given),
          ...refundPaidLegs(total(given)),
          ...refundReturnedLegs(total(given)),
          ...refundFailedLegs(parties, given),
        ];
        for (const { debit, credit, amountMinor } of legs) {
          expect(amountMinor).toBeGreaterThan(0);
          expect(debit).not.toEqual(credit);
        }
      }),
    );
  });
});

describe('the split of a refund', () => {
  const remaining = { hostMinor: 9_700, platformMinor: 1_700, taxMinor: 1_000 };

  test('leaves each party its retained amount', () => {
    expect(refundSplit(remaining, 6_200, { hostMinor: 4_850, platformMinor: 850, taxMinor: 500 })).toEqual({
      hostMinor: 4_850,
      platformMinor: 850,
      taxMinor: 500,
    });
  });

  test('is in proportion without retained amounts, or with amounts that do not fit', () => {
    const even = { hostMinor: 970, platformMinor: 170, taxMinor: 100 };
    expect(refundSplit(remaining, 1_240, null)).toEqual(even);
    expect(refundSplit(remaining, 1_240, { hostMinor: 9_701, platformMinor: 0, taxMinor: 0 })).toEqual(even);
    expect(
      refundSplit(remaining, 1_240, { hostMinor: 9_700, platformMinor: 1_700, taxMinor: 1_000 }),
    ).toEqual(even);
  });

  test('adds up over any sequence of refunds, and never exceeds a party’s share', () => {
    fc.assert(
      fc.property(
        split,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 }),
        (whole, shares) => {
          let rest = whole;
          for (const share of shares) {
            const amount = Math.floor(total(rest) * share);
            const part = takeInProportion(rest, amount);
            expect(total(part)).toBe(amount);
            rest = {
              hostMinor: rest.hostMinor - part.hostMinor,
              platformMinor: rest.platformMinor - part.platformMinor,
              taxMinor: rest.taxMinor - part.taxMinor,
            };
            expect(Math.min(rest.hostMinor, rest.platformMinor, rest.taxMinor)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });

  test('rejects more than the remaining amount', () => {
    expect(() => takeInProportion(remaining, 12_401)).toThrow(RangeError);
  });
});
