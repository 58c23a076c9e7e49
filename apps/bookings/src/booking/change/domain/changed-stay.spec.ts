import { sum } from '@roost/money';
import { Guests } from '@roost/pricing';
import {
  addDays,
  addHours,
  addMilliseconds,
  addMinutes,
  addSeconds,
  localInstant,
  nightCount,
} from '@roost/stay';
import fc from 'fast-check';
import { type BookedStay, nightStart } from '../../../terms/domain/booked-stay.js';
import { guestCancel, hostCancel, tiersAfterChange } from '../../../terms/domain/cancellation.js';
import { refundUnder } from '../../../terms/domain/refund.js';
import { datedTiers, type RefundTier, tierAt } from '../../../terms/domain/refund-tiers.js';
import { refundAt, refundSchedule } from '../../../terms/domain/refund-schedule.js';
import { anyBookedStay, aBookedStay, totalOf } from '../../../terms/domain/booked-stay.fixture.js';
import { respondBy, changedStay, violatedCheckOutLimit, isSameStay, payBy } from './changed-stay.js';

const limits = { responseHours: 24, paymentMinutes: 60 };

/** The stay with the dates and price of `other`. Time zone, check-in time and policy do not change. */
function withTermsOf(stay: BookedStay, other: BookedStay): BookedStay {
  const { checkInDate, checkOutDate, price } = other;
  const { timeZone, checkInFrom, cancellationPolicy } = stay;
  return aBookedStay({ checkInDate, checkOutDate, price, timeZone, checkInFrom, cancellationPolicy });
}

const seconds = fc.integer({ min: 0, max: 40 * 86_400 });
/** A booking, up to four consecutive changes, and the time of a cancellation. */
const anyHistory = fc.record({
  first: anyBookedStay,
  changes: fc.array(fc.record({ to: anyBookedStay, after: seconds }), { minLength: 1, maxLength: 4 }),
  cancelAfter: seconds,
});

interface ChangedBooking {
  stay: BookedStay;
  confirmedAt: Date;
  changedAt: Date;
  tiersAtChanges: RefundTier[];
  /** The tier of the terms at each change, computed independently of `tiersAfterChange`. */
  expectedTiers: RefundTier[];
  cancelledAt: Date;
}

function replay({
  first,
  changes,
  cancelAfter,
}: typeof anyHistory extends fc.Arbitrary<infer T> ? T : never): ChangedBooking {
  const { confirmedAt } = first;
  let [stay, at] = [first.stay, confirmedAt];
  let tiersAtChanges: RefundTier[] = [];
  const expectedTiers: RefundTier[] = [];
  for (const { to, after } of changes) {
    at = addSeconds(at, after);
    expectedTiers.push(tierAt(datedTiers(stay, confirmedAt), at));
    tiersAtChanges = tiersAfterChange(stay, confirmedAt, at, tiersAtChanges);
    stay = withTermsOf(stay, to.stay);
  }
  const cancelledAt = addSeconds(at, cancelAfter);
  return { stay, confirmedAt, changedAt: at, tiersAtChanges, expectedTiers, cancelledAt };
}

describe('the cancellation of a changed booking', () => {
  it('refunds the lowest amount of the tiers at each change and now, between 0 and the total', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 0, max: 30 * 86_400 }), (history, later) => {
        const { stay, confirmedAt, tiersAtChanges, expectedTiers, cancelledAt } = replay(history);
        const refund = guestCancel(stay, confirmedAt, cancelledAt, tiersAtChanges);
        const now = tierAt(datedTiers(stay, confirmedAt), cancelledAt);
        const refunds = [now, ...expectedTiers].map((tier) =>
          refundUnder(tier, stay.price, refund.nightsStayed),
        );
        expect(refund.refundMinor).toBe(Math.min(...refunds.map(({ refundMinor }) => refundMinor)));

        expect(refund.refundMinor).toBeGreaterThanOrEqual(0);
        expect(refund.refundMinor).toBeLessThanOrEqual(totalOf(stay));
        expect(sum(refund.lines.map((line) => line.refundMinor))).toBe(refund.refundMinor);
        const { keptNightsMinor, keptCleaningMinor, keptServiceFeeMinor, keptTaxMinor } = refund;
        const kept = keptNightsMinor + keptCleaningMinor + keptServiceFeeMinor + keptTaxMinor;
        expect(refund.refundMinor + kept).toBe(totalOf(stay));
        expect(refund.hostPayoutMinor + refund.hostFeeMinor).toBe(keptNightsMinor + keptCleaningMinor);

        expect(hostCancel(stay, cancelledAt).refundMinor).toBeGreaterThanOrEqual(refund.refundMinor);
        const lessNotice = guestCancel(stay, confirmedAt, addSeconds(cancelledAt, later), tiersAtChanges);
        expect(lessNotice.refundMinor).toBeLessThanOrEqual(refund.refundMinor);
      }),
      { numRuns: 5_000 },
    );
  });

  it('equals the schedule at each step, and a millisecond before and after it', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const { stay, confirmedAt, changedAt, tiersAtChanges } = replay(history);
        fc.pre(changedAt < stay.checkOutAt);
        const schedule = refundSchedule(stay, confirmedAt, { at: changedAt, tiersAtChanges });
        // A long stay has a similar step for each night: the first and last steps suffice.
        for (const { until } of [...schedule.slice(0, 6), ...schedule.slice(-2)]) {
          for (const offset of [-1, 0, 1]) {
            const at = addMilliseconds(new Date(until), offset);
            if (at < changedAt || at > stay.checkOutAt) continue;
            expect(refundAt(schedule, at)).toBe(
              guestCancel(stay, confirmedAt, at, tiersAtChanges).refundMinor,
            );
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('nights already stayed', () => {
  it('cannot be removed: check-in does not change and nights that have begun stay', () => {
    const anyShift = fc.integer({ min: -5, max: 5 });
    fc.assert(
      fc.property(anyBookedStay, anyShift, fc.integer({ min: -5, max: 80 }), (given, first, last) => {
        const { stay } = given;
        const next = {
          checkInDate: addDays(stay.checkInDate, first),
          checkOutDate: addDays(stay.checkInDate, last),
        };
        for (
          let night = 0;
          night < Math.min(10, nightCount(stay.checkInDate, stay.checkOutDate));
          night += 1
        ) {
          const begins = nightStart(stay, night);
          const begun = addDays(stay.checkInDate, night + 1);
          expect(violatedCheckOutLimit(stay, next, begins)).toBe(
            first === 0 && next.checkOutDate >= begun ? null : begun,
          );
        }
        expect(violatedCheckOutLimit(stay, next, addMilliseconds(stay.checkInAt, -1))).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    // Clocks go back at 02:00 on 1 November in New York, and forward by half an hour on 3 October at Lord Howe.
    ['America/New_York', '2026-10-31', '2026-11-01T04:00:00Z'],
    ['Europe/London', '2027-03-27', '2027-03-28T00:00:00Z'],
    ['Australia/Lord_Howe', '2027-10-02', '2027-10-02T13:30:00Z'],
    ['Pacific/Kiritimati', '2026-12-31', '2026-12-31T10:00:00Z'],
  ])('%s: the second night begins at local midnight', (timeZone, checkInDate, midnight) => {
    const stay = aBookedStay({ timeZone, checkInDate, checkOutDate: addDays(checkInDate, 4) });
    const next = { checkInDate, checkOutDate: addDays(checkInDate, 1) };
    expect(violatedCheckOutLimit(stay, next, addMilliseconds(new Date(midnight), -1))).toBeNull();
    expect(violatedCheckOutLimit(stay, next, new Date(midnight))).toBe(addDays(checkInDate, 2));
  });
});

describe('the time to respond and to pay', () => {
  it('ends before the check-in or check-out that the change affects', () => {
    fc.assert(
      fc.property(anyBookedStay, anyBookedStay, seconds, (given, other, before) => {
        const { stay } = given;
        const next = withTermsOf(stay, other.stay);
        const now = addSeconds(stay.checkInAt, 86_400 - before);
        fc.pre(now < stay.checkOutAt && (now >= stay.checkInAt || now < next.checkInAt));
        const inStay = now >= stay.checkInAt;
        for (const [by, full] of [
          [respondBy(stay, next, now, limits), addHours(now, 24)],
          [payBy(stay, next, now, limits), addMinutes(now, 60)],
        ] as const) {
          expect(by.getTime()).toBeLessThanOrEqual(full.getTime());
          if (inStay) expect(by.getTime()).toBeLessThanOrEqual(stay.checkOutAt.getTime());
          else
            expect(by.getTime()).toBeLessThanOrEqual(
              Math.min(stay.checkInAt.getTime(), next.checkInAt.getTime()),
            );
          if (!inStay) expect(by.getTime()).toBeGreaterThan(now.getTime());
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('in stay ends when the first removed night begins', () => {
    const stay = aBookedStay();
    const now = localInstant('2027-06-11', '20:00', 'Europe/London');
    const shorter = { ...stay, checkOutDate: '2027-06-12' };
    expect(respondBy(stay, shorter, now, limits)).toEqual(
      localInstant('2027-06-12', '00:00', 'Europe/London'),
    );
    expect(payBy(stay, { ...stay, checkOutDate: '2027-06-16' }, now, limits)).toEqual(addHours(now, 1));
  });
});

it('keeps terms that the change does not contain', () => {
  const stay = { checkInDate: '2027-06-10', checkOutDate: '2027-06-14', guests: Guests.parse({ adults: 2 }) };
  expect(changedStay(stay, { checkOutDate: '2027-06-15' })).toEqual({ ...stay, checkOutDate: '2027-06-15' });
  const children = [{ age: 3 }, { age: 9 }];
  const party = { ...stay, guests: Guests.parse({ adults: 2, children }) };
  expect(
    isSameStay(
      party,
      changedStay(party, { guests: Guests.parse({ adults: 2, children: children.toReversed() }) }),
    ),
  ).toBe(true);
  expect(isSameStay(stay, party)).toBe(false);
});
