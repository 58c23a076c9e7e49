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
import {
  type BookedStay,
  datedTiers,
  guestCancel,
  hostCancel,
  nightStart,
  type RefundTier,
  refundUnder,
  tierAt,
  tiersAfterChange,
} from '../../../terms/domain/cancellation.js';
import { refundAt, refundSchedule } from '../../../terms/domain/refund-schedule.js';
import { anyStay, aStay, paidFor } from '../../../terms/domain/stay.fixture.js';
import { answerBy, changedStay, givesBackStayedNights, isSameStay, payBy } from './changed-stay.js';

const limits = { answerHours: 24, paymentMinutes: 60 };

/** Other dates and another price; what is agreed once stays: zone, time of the day, policy. */
function under(stay: BookedStay, other: BookedStay): BookedStay {
  const { checkInDate, checkOutDate, price } = other;
  const { timeZone, checkInFrom, cancellationPolicy } = stay;
  return aStay({ checkInDate, checkOutDate, price, timeZone, checkInFrom, cancellationPolicy });
}

const seconds = fc.integer({ min: 0, max: 40 * 86_400 });
/** A booking, up to four changes of it one after the other, and an instant after the last. */
const anyHistory = fc.record({
  first: anyStay,
  changes: fc.array(fc.record({ to: anyStay, after: seconds }), { minLength: 1, maxLength: 4 }),
  cancelAfter: seconds,
});

interface Changed {
  stay: BookedStay;
  confirmedAt: Date;
  changedAt: Date;
  tiersAtChanges: RefundTier[];
  /** What held under the terms of then at each change: found anew, not taken from the result. */
  held: RefundTier[];
  cancelledAt: Date;
}

function live({
  first,
  changes,
  cancelAfter,
}: typeof anyHistory extends fc.Arbitrary<infer T> ? T : never): Changed {
  const { confirmedAt } = first;
  let [stay, at] = [first.stay, confirmedAt];
  let tiersAtChanges: RefundTier[] = [];
  const held: RefundTier[] = [];
  for (const { to, after } of changes) {
    at = addSeconds(at, after);
    held.push(tierAt(datedTiers(stay, confirmedAt), at));
    tiersAtChanges = tiersAfterChange(stay, confirmedAt, at, tiersAtChanges);
    stay = under(stay, to.stay);
  }
  const cancelledAt = addSeconds(at, cancelAfter);
  return { stay, confirmedAt, changedAt: at, tiersAtChanges, held, cancelledAt };
}

describe('changed, then cancelled', () => {
  it('gives the worst of the tiers at each change and now; nothing below zero, nothing beyond what was paid', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 0, max: 30 * 86_400 }), (history, later) => {
        const { stay, confirmedAt, tiersAtChanges, held, cancelledAt } = live(history);
        const refund = guestCancel(stay, confirmedAt, cancelledAt, tiersAtChanges);
        const now = tierAt(datedTiers(stay, confirmedAt), cancelledAt);
        const each = [now, ...held].map((tier) => refundUnder(tier, stay.price, refund.nightsStayed));
        expect(refund.refundMinor).toBe(Math.min(...each.map(({ refundMinor }) => refundMinor)));

        expect(refund.refundMinor).toBeGreaterThanOrEqual(0);
        expect(refund.refundMinor).toBeLessThanOrEqual(paidFor(stay));
        expect(sum(refund.lines.map((line) => line.refundMinor))).toBe(refund.refundMinor);
        const { keptNightsMinor, keptCleaningMinor, keptServiceFeeMinor, keptTaxMinor } = refund;
        const kept = keptNightsMinor + keptCleaningMinor + keptServiceFeeMinor + keptTaxMinor;
        expect(refund.refundMinor + kept).toBe(paidFor(stay));
        expect(refund.hostPayoutMinor + refund.hostFeeMinor).toBe(keptNightsMinor + keptCleaningMinor);

        expect(hostCancel(stay, cancelledAt).refundMinor).toBeGreaterThanOrEqual(refund.refundMinor);
        const lessNotice = guestCancel(stay, confirmedAt, addSeconds(cancelledAt, later), tiersAtChanges);
        expect(lessNotice.refundMinor).toBeLessThanOrEqual(refund.refundMinor);
      }),
      { numRuns: 5_000 },
    );
  });

  it('the schedule says what a cancel gives, at each of its steps and a millisecond to each side', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const { stay, confirmedAt, changedAt, tiersAtChanges } = live(history);
        fc.pre(changedAt < stay.checkOutAt);
        const schedule = refundSchedule(stay, confirmedAt, { at: changedAt, tiersAtChanges });
        // A long stay has a step per night, all alike: the first ones and the last show it.
        for (const { until } of [...schedule.slice(0, 6), ...schedule.slice(-2)]) {
          for (const off of [-1, 0, 1]) {
            const at = addMilliseconds(new Date(until), off);
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
  it('are not given back: the first night stays the first, and none that has begun is dropped', () => {
    const move = fc.integer({ min: -5, max: 5 });
    fc.assert(
      fc.property(anyStay, move, fc.integer({ min: -5, max: 80 }), (given, first, last) => {
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
          expect(givesBackStayedNights(stay, next, begins)).toBe(
            first === 0 && next.checkOutDate >= begun ? null : begun,
          );
        }
        expect(givesBackStayedNights(stay, next, addMilliseconds(stay.checkInAt, -1))).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    // The clocks go back at 02:00 on 1 November, and forward by half an hour at Lord Howe on 3 October.
    ['America/New_York', '2026-10-31', '2026-11-01T04:00:00Z'],
    ['Europe/London', '2027-03-27', '2027-03-28T00:00:00Z'],
    ['Australia/Lord_Howe', '2027-10-02', '2027-10-02T13:30:00Z'],
    ['Pacific/Kiritimati', '2026-12-31', '2026-12-31T10:00:00Z'],
  ])('%s: the second night begins at its own midnight', (timeZone, checkInDate, midnight) => {
    const stay = aStay({ timeZone, checkInDate, checkOutDate: addDays(checkInDate, 4) });
    const next = { checkInDate, checkOutDate: addDays(checkInDate, 1) };
    expect(givesBackStayedNights(stay, next, addMilliseconds(new Date(midnight), -1))).toBeNull();
    expect(givesBackStayedNights(stay, next, new Date(midnight))).toBe(addDays(checkInDate, 2));
  });
});

describe('the time to answer and to pay', () => {
  it('never outlives what the change would change', () => {
    fc.assert(
      fc.property(anyStay, anyStay, seconds, (given, other, before) => {
        const { stay } = given;
        const next = under(stay, other.stay);
        const now = addSeconds(stay.checkInAt, 86_400 - before);
        fc.pre(now < stay.checkOutAt && (now >= stay.checkInAt || now < next.checkInAt));
        const inStay = now >= stay.checkInAt;
        for (const [by, full] of [
          [answerBy(stay, next, now, limits), addHours(now, 24)],
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

  it('in stay ends when the first night that would be given back begins', () => {
    const stay = aStay();
    const now = localInstant('2027-06-11', '20:00', 'Europe/London');
    const shorter = { ...stay, checkOutDate: '2027-06-12' };
    expect(answerBy(stay, shorter, now, limits)).toEqual(
      localInstant('2027-06-12', '00:00', 'Europe/London'),
    );
    expect(payBy(stay, { ...stay, checkOutDate: '2027-06-16' }, now, limits)).toEqual(addHours(now, 1));
  });
});

it('what is not named stays as it is', () => {
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
