import { sum } from '@roost/money';
import fc from 'fast-check';
import { guestCancel } from './cancellation.js';
import { limitLines, limitRefund } from './refund.js';
import { aBookedStay, totalOf } from './booked-stay.fixture.js';

const at = (instant: string): Date => new Date(instant);
const early = at('2027-01-01T00:00:00Z');

describe('a refund after a goodwill refund', () => {
  const stay = aBookedStay({ cancellationPolicy: 'flexible' });
  const total = totalOf(stay);
  const inStay = at('2027-06-10T14:00:00Z');

  // The refund in stay is 200.00 of the nights and 32.00 of the taxes.
  it.each([
    ['more remains than the refund', inStay, total, { night: 20_000, tax: 3_200 }],
    ['the refund remains exactly', inStay, 23_200, { night: 20_000, tax: 3_200 }],
    ['one unit less remains', inStay, 23_199, { night: 19_999, tax: 3_200 }],
    ['half of the refund remains', inStay, 11_600, { night: 10_000, tax: 1_600 }],
    ['one unit remains', inStay, 1, { night: 1 }],
    ['nothing remains', inStay, 0, {}],
    // Shares of 400.00, 50.00, 63.00 and 67.00 in 580.00; the largest remainders are rounded up.
    [
      'less than the total remains of a full refund',
      early,
      4_720,
      { night: 3_255, cleaning: 407, service_fee: 513, tax: 545 },
    ],
  ])('is limited when %s', (_, instant, remainingMinor, lines) => {
    const refund = limitRefund(guestCancel(stay, early, instant), stay.price, remainingMinor);
    expect(Object.fromEntries(refund.lines.map(({ kind, refundMinor }) => [kind, refundMinor]))).toEqual(
      lines,
    );
    expect(refund.refundMinor).toBe(sum(Object.values(lines)));
    const { keptNightsMinor, keptCleaningMinor, keptServiceFeeMinor, keptTaxMinor } = refund;
    expect(sum([keptNightsMinor, keptCleaningMinor, keptServiceFeeMinor, keptTaxMinor])).toBe(
      total - refund.refundMinor,
    );
  });

  it('never increases a line; the lines add up to the limit', () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 5_000_000 }), (given, limitMinor) => {
        const lines = given.map((refundMinor, line) => ({ line, refundMinor }));
        const limited = limitLines(lines, limitMinor);
        expect(sum(limited.map(({ refundMinor }) => refundMinor))).toBe(Math.min(sum(given), limitMinor));
        for (const { line, refundMinor } of limited) {
          expect(refundMinor).toBeGreaterThan(0);
          expect(refundMinor).toBeLessThanOrEqual(given[line] ?? 0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
