import { sum } from '@roost/money';
import { addSeconds } from '@roost/stay';
import { Guests, PriceRules, priceStay } from '@roost/pricing';
import fc from 'fast-check';
import { anyBookedStay, totalOf } from './booked-stay.fixture.js';
import type { BookedStay } from './booked-stay.js';
import { adminCancel, guestCancel, hostCancel } from './cancellation.js';
import { chargeOf, type Shares, sharesOf, waive } from './charge.js';
import { refundSchedule } from './refund-schedule.js';
import { limitRefund, type Refund, refundEverything } from './refund.js';

const STEP = 10;
const total = (shares: Shares) => sum(Object.values(shares) as number[]);

/** A stay of one night in a currency of three decimals. */
const priced = (basePriceMinor: number, fees = { guestFeeBps: 1_400, hostFeeBps: 300 }) =>
  priceStay({
    rules: PriceRules.parse({
      basePriceMinor,
      taxes: [{ name: 'Tax', kind: 'percent', bps: 700 }],
    }),
    checkInDate: '2027-06-10',
    checkOutDate: '2027-06-11',
    guests: Guests.parse({ adults: 1 }),
    timeZone: 'Asia/Kuwait',
    now: new Date('2027-03-01T00:00:00Z'),
    fees,
  });

describe('chargeOf', () => {
  it.each([
    // 12,345 + 1,728 + 864 = 14,937
    [12_345, 14_930, { serviceFeeMinor: 1_721, hostFeeMinor: 370, hostPayoutMinor: 11_975, taxMinor: 864 }],
    [10_000, 12_100, { serviceFeeMinor: 1_400, hostFeeMinor: 300, hostPayoutMinor: 9_700, taxMinor: 700 }],
  ])('of a night at %d is %d', (basePriceMinor, totalMinor, shares) => {
    expect(chargeOf(priced(basePriceMinor), STEP)).toEqual({ totalMinor, shares });
  });

  it('takes the rounding off the host’s share where the marketplace has no fee', () => {
    const { shares } = chargeOf(priced(12_345, { guestFeeBps: 0, hostFeeBps: 0 }), STEP);
    expect(shares).toMatchObject({
      serviceFeeMinor: 0,
      hostFeeMinor: 0,
      hostPayoutMinor: 12_336,
      taxMinor: 864,
    });
  });

  it('is a multiple of the step that its shares sum to, less than a step below the total', () => {
    const fee = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999 }), fee, fee, (base, guestFeeBps, hostFeeBps) => {
        const price = priced(base, { guestFeeBps, hostFeeBps });
        const charge = chargeOf(price, STEP);
        expect(charge.totalMinor % STEP).toBe(0);
        expect(total(charge.shares)).toBe(charge.totalMinor);
        expect(Math.min(...(Object.values(charge.shares) as number[]))).toBeGreaterThanOrEqual(0);
        expect(price.totalMinor - charge.totalMinor).toBeLessThan(STEP);
        expect(chargeOf(price, 1).totalMinor).toBe(price.totalMinor);
        expect(sharesOf(price, charge.totalMinor)).toEqual(charge.shares);
      }),
    );
  });
});

it('never waives more than the shares contain', () => {
  const shares = { serviceFeeMinor: 1, hostFeeMinor: 2, hostPayoutMinor: 3, taxMinor: 4 };
  expect(waive(shares, 7)).toEqual({ serviceFeeMinor: 0, hostFeeMinor: 0, hostPayoutMinor: 0, taxMinor: 3 });
  expect(() => waive(shares, 11)).toThrow(RangeError);
});

describe('any refund of a charge in steps', () => {
  const anyStay = fc
    .tuple(anyBookedStay, fc.integer({ min: 0, max: 120 * 86_400 }))
    .map(([given, seconds]) => {
      const stay: BookedStay = { ...given.stay, price: { ...given.stay.price, chargeStepMinor: STEP } };
      const exactMinor = totalOf(stay);
      return {
        stay,
        exact: given.stay,
        confirmedAt: given.confirmedAt,
        at: addSeconds(given.confirmedAt, seconds),
        chargedMinor: exactMinor - (exactMinor % STEP),
      };
    });

  const retained = (refund: Refund) =>
    refund.hostPayoutMinor + refund.hostFeeMinor + refund.keptServiceFeeMinor + refund.keptTaxMinor;

  const expectChargeable = (refund: Refund, chargedMinor: number) => {
    expect(refund.refundMinor % STEP).toBe(0);
    expect(refund.refundMinor).toBeLessThanOrEqual(chargedMinor);
    expect(refund.refundMinor + retained(refund)).toBe(chargedMinor);
    for (const { refundMinor } of refund.lines) expect(refundMinor).toBeGreaterThan(0);
    expect(sum(refund.lines.map((line) => line.refundMinor))).toBe(refund.refundMinor);
    const { hostPayoutMinor, hostFeeMinor, keptServiceFeeMinor, keptTaxMinor } = refund;
    const parts = [hostPayoutMinor, hostFeeMinor, keptServiceFeeMinor, keptTaxMinor];
    expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
  };

  it('is a multiple of the step, and charge = refund + retained shares', () => {
    fc.assert(
      fc.property(anyStay, ({ stay, exact, confirmedAt, at, chargedMinor }) => {
        const refunds = [
          [guestCancel(stay, confirmedAt, at), guestCancel(exact, confirmedAt, at)],
          [hostCancel(stay, at), hostCancel(exact, at)],
        ] as const;
        for (const [refund, byRule] of refunds) {
          expectChargeable(refund, chargedMinor);
          // In favour of the guest: the rule rounded up, at most the charge.
          expect(refund.refundMinor).toBeGreaterThanOrEqual(Math.min(byRule.refundMinor, chargedMinor));
          expect(refund.refundMinor - byRule.refundMinor).toBeLessThan(STEP);
        }
        expect(refundEverything(stay.price).refundMinor).toBe(chargedMinor);
        for (const { refundMinor } of refundSchedule(stay, confirmedAt)) expect(refundMinor % STEP).toBe(0);
      }),
      { numRuns: 800 },
    );
  });

  it('is chargeable after an earlier goodwill, and as an administrator sets it', () => {
    fc.assert(
      fc.property(anyStay, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const { stay, confirmedAt, at, chargedMinor } = given;
        const restMinor = Math.floor((chargedMinor * share) / STEP) * STEP;
        const limited = limitRefund(guestCancel(stay, confirmedAt, at), stay.price, restMinor);
        expectChargeable(limited, chargedMinor);
        expect(limited.refundMinor).toBeLessThanOrEqual(restMinor);
        const amounts = { refundMinor: restMinor, refundableMinor: chargedMinor };
        const byAdmin = adminCancel(stay, at, amounts);
        if (!byAdmin) throw new Error('the refund is within the charge');
        expect(byAdmin.refundMinor).toBe(restMinor);
        expectChargeable(byAdmin, chargedMinor);
      }),
      { numRuns: 400 },
    );
  });
});
