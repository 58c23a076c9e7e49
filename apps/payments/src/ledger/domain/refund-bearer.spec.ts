import fc from 'fast-check';
import { captureLegs, type Leg, refundPaidLegs, refundReservedLegs, type Split } from './posting.js';
import { refundableBy, refundBearers, splitByBearer, splitOfRetry } from './refund-bearer.js';

const minor = fc.integer({ min: 0, max: 1_000_000_000 });
const split = fc.record({ hostMinor: minor, platformMinor: minor, taxMinor: minor });
const bearer = fc.constantFrom(...refundBearers);
const total = (given: Split) => given.hostMinor + given.platformMinor + given.taxMinor;
const minus = (a: Split, b: Split): Split => ({
  hostMinor: a.hostMinor - b.hostMinor,
  platformMinor: a.platformMinor - b.platformMinor,
  taxMinor: a.taxMinor - b.taxMinor,
});

function balances(legs: Leg[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { debit, credit, amountMinor } of legs) {
    found[debit.code] = (found[debit.code] ?? 0) + amountMinor;
    found[credit.code] = (found[credit.code] ?? 0) - amountMinor;
  }
  return Object.fromEntries(Object.entries(found).filter(([, net]) => net !== 0));
}

const payment = { hostMinor: 900, platformMinor: 70, taxMinor: 30 };
const parties = { guestId: 'guest', hostId: 'host' };

test.each([
  ['platform', 1000, { host_payable: -900, platform_revenue: 930, tax_payable: -30 }],
  ['host', 900, { platform_revenue: -70, tax_payable: -30 }],
  ['proportional', 1000, {}],
] as const)('a refund that is borne by %s leaves the other parties their share', (who, amount, rest) => {
  const refund = splitByBearer(who, payment, amount);
  const legs = [
    ...captureLegs(parties, payment),
    ...refundReservedLegs(parties, refund),
    ...refundPaidLegs(amount),
  ];
  const { provider_clearing: _, ...parts } = balances(legs);
  expect(parts).toEqual(rest);
});

test('a host bears at most the share of this payment', () => {
  expect(refundableBy('host', payment)).toBe(900);
  expect(() => splitByBearer('host', payment, 901)).toThrow(RangeError);
});

test('any sequence of refunds keeps the sums, and takes from the host and the tax office only what they have', () => {
  fc.assert(
    fc.property(split, fc.array(fc.tuple(bearer, minor), { maxLength: 12 }), (captured, refunds) => {
      let remaining = captured;
      let refunded = 0;
      for (const [who, wanted] of refunds) {
        const amount = Math.min(wanted, refundableBy(who, remaining));
        if (amount === 0) continue;
        const refund = splitByBearer(who, remaining, amount);
        for (const part of Object.values(refund)) expect(part).toBeGreaterThanOrEqual(0);
        expect(total(refund)).toBe(amount);
        remaining = minus(remaining, refund);
        refunded += amount;
        expect(total(remaining)).toBe(total(captured) - refunded);
        expect(Math.min(remaining.hostMinor, remaining.taxMinor)).toBeGreaterThanOrEqual(0);
      }
      expect(refunded).toBeLessThanOrEqual(total(captured));
    }),
    { numRuns: 1_000 },
  );
});

test('a retry has the split of the failed refund while the parties still have their shares', () => {
  expect(splitOfRetry({ hostMinor: 50, platformMinor: 0, taxMinor: 0 }, payment, 50)).toEqual({
    hostMinor: 50,
    platformMinor: 0,
    taxMinor: 0,
  });
  const byPlatform = { hostMinor: 0, platformMinor: 500, taxMinor: 0 };
  expect(splitOfRetry(byPlatform, payment, 500)).toEqual(byPlatform);
  const left = { hostMinor: 40, platformMinor: 70, taxMinor: 30 };
  const again = splitOfRetry({ hostMinor: 50, platformMinor: 10, taxMinor: 0 }, left, 60);
  expect(total(again)).toBe(60);
  expect(again.hostMinor).toBeLessThanOrEqual(40);
});
