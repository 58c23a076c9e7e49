import { sum } from '@roost/money';
import { addSeconds } from '@roost/stay';
import fc from 'fast-check';
import { guestCancel, hostCancel } from './cancellation.js';
import { anyBookedStay, totalOf } from './booked-stay.fixture.js';

describe('any cancellation', () => {
  const anyCancellation = fc.tuple(
    anyBookedStay,
    fc.integer({ min: 0, max: 120 * 86_400 }),
    fc.integer({ min: 0, max: 1e7 }),
  );

  it('refunds between 0 and the total, line by line, and keeps the remainder', () => {
    fc.assert(
      fc.property(anyCancellation, ([{ stay, confirmedAt }, seconds]) => {
        const instant = addSeconds(confirmedAt, seconds);
        for (const refund of [guestCancel(stay, confirmedAt, instant), hostCancel(stay, instant)]) {
          expect(refund.refundMinor).toBeGreaterThanOrEqual(0);
          expect(refund.refundMinor).toBeLessThanOrEqual(totalOf(stay));
          for (const line of refund.lines) expect(line.refundMinor).toBeGreaterThan(0);
          expect(sum(refund.lines.map((line) => line.refundMinor))).toBe(refund.refundMinor);
          expect(
            refund.refundMinor +
              refund.keptNightsMinor +
              refund.keptCleaningMinor +
              refund.keptServiceFeeMinor +
              refund.keptTaxMinor,
          ).toBe(totalOf(stay));
          expect(refund.hostFeeMinor + refund.hostPayoutMinor).toBe(
            refund.keptNightsMinor + refund.keptCleaningMinor,
          );
        }
      }),
      { numRuns: 1_600 },
    );
  });

  it('never refunds less for more notice', () => {
    fc.assert(
      fc.property(anyCancellation, ([{ stay, confirmedAt }, seconds, moreNotice]) => {
        const instant = addSeconds(confirmedAt, seconds);
        const before = addSeconds(confirmedAt, Math.max(0, seconds - moreNotice));
        expect(guestCancel(stay, confirmedAt, before).refundMinor).toBeGreaterThanOrEqual(
          guestCancel(stay, confirmedAt, instant).refundMinor,
        );
      }),
      { numRuns: 1_600 },
    );
  });

  it('by the host never refunds less than one by the guest', () => {
    fc.assert(
      fc.property(anyCancellation, ([{ stay, confirmedAt }, seconds]) => {
        const instant = addSeconds(confirmedAt, seconds);
        expect(hostCancel(stay, instant).refundMinor).toBeGreaterThanOrEqual(
          guestCancel(stay, confirmedAt, instant).refundMinor,
        );
      }),
      { numRuns: 1_300 },
    );
  });
});
