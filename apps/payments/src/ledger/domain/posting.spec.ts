import fc from 'fast-check';
import {
  captureLegs,
  type Leg,
  penaltyLegs,
  refundFailedLegs,
  refundPaidLegs,
  refundReservedLegs,
  refundSplit,
  type Split,
  takeFrom,
} from './posting.js';

const parties = { guestId: 'guest', hostId: 'host' };
const minor = fc.integer({ min: 0, max: 1_000_000_000 });
const split = fc.record({ hostMinor: minor, platformMinor: minor, taxMinor: minor });
const total = (one: Split) => one.hostMinor + one.platformMinor + one.taxMinor;

function balances(legs: Leg[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { debit, credit, amountMinor } of legs) {
    found[debit.code] = (found[debit.code] ?? 0) + amountMinor;
    found[credit.code] = (found[credit.code] ?? 0) - amountMinor;
  }
  return Object.fromEntries(Object.entries(found).filter(([, net]) => net !== 0));
}

describe('postings', () => {
  test('a capture: the guest is even, what the provider has is owed in full', () => {
    const legs = captureLegs(parties, { hostMinor: 90, platformMinor: 7, taxMinor: 3 });
    expect(balances(legs)).toEqual({
      provider_clearing: 100,
      host_payable: -90,
      platform_revenue: -7,
      tax_payable: -3,
    });
  });

  test('a refund that is paid undoes its share; one that fails leaves no trace', () => {
    const taken = { hostMinor: 90, platformMinor: 7, taxMinor: 3 };
    const captured = captureLegs(parties, taken);
    const reserved = refundReservedLegs(parties, taken);
    expect(balances([...captured, ...reserved, ...refundPaidLegs(100)])).toEqual({});
    expect(balances([...captured, ...reserved, ...refundFailedLegs(parties, taken)])).toEqual(
      balances(captured),
    );
  });

  test('a penalty is taken from what is due to the host, also below nothing', () => {
    expect(balances(penaltyLegs(parties, 50))).toEqual({ host_payable: 50, host_penalty: -50 });
    expect(penaltyLegs(parties, 0)).toEqual([]);
  });

  test('no movement is empty or from an account to itself', () => {
    fc.assert(
      fc.property(split, (given) => {
        const legs = [
          ...captureLegs(parties, given),
          ...refundReservedLegs(parties, given),
          ...refundPaidLegs(total(given)),
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

describe('who gives up a refund', () => {
  const left = { hostMinor: 9_700, platformMinor: 1_700, taxMinor: 1_000 };

  test('the rule says what each keeps', () => {
    expect(refundSplit(left, 6_200, { hostMinor: 4_850, platformMinor: 850, taxMinor: 500 })).toEqual({
      hostMinor: 4_850,
      platformMinor: 850,
      taxMinor: 500,
    });
  });

  test('without a rule, or with one that does not fit, each gives up in proportion', () => {
    const even = { hostMinor: 970, platformMinor: 170, taxMinor: 100 };
    expect(refundSplit(left, 1_240, null)).toEqual(even);
    expect(refundSplit(left, 1_240, { hostMinor: 9_701, platformMinor: 0, taxMinor: 0 })).toEqual(even);
    expect(refundSplit(left, 1_240, { hostMinor: 9_700, platformMinor: 1_700, taxMinor: 1_000 })).toEqual(
      even,
    );
  });

  test('any run of refunds adds up, and nobody gives up more than they had', () => {
    fc.assert(
      fc.property(
        split,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 }),
        (whole, shares) => {
          let rest = whole;
          for (const share of shares) {
            const amount = Math.floor(total(rest) * share);
            const part = takeFrom(rest, amount);
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

  test('more than is left is refused', () => {
    expect(() => takeFrom(left, 12_401)).toThrow(RangeError);
  });
});
