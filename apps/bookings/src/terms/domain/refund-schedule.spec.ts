import { addDays, addMilliseconds, addSeconds, localInstant } from '@roost/stay';
import fc from 'fast-check';
import { guestCancel } from './cancellation.js';
import { limitSchedule, refundAt, refundSchedule } from './refund-schedule.js';
import { aBookedStay, anyBookedStay, totalOf } from './booked-stay.fixture.js';

const confirmedAt = new Date('2027-01-01T00:00:00Z');

describe('the refund schedule', () => {
  it('of a flexible stay decreases 24 h before check-in, then per night', () => {
    const stay = aBookedStay({ cancellationPolicy: 'flexible' });
    expect(refundSchedule(stay, confirmedAt)).toEqual([
      { until: '2027-06-09T14:00:00.000Z', refundMinor: 58_000 },
      { until: '2027-06-10T13:59:59.999Z', refundMinor: 40_700 },
      { until: '2027-06-10T22:59:59.999Z', refundMinor: 23_200 },
      { until: '2027-06-11T22:59:59.999Z', refundMinor: 11_800 },
      { until: '2027-06-12T22:59:59.999Z', refundMinor: 400 },
      { until: '2027-06-14T10:00:00.000Z', refundMinor: 0 },
    ]);
  });

  it('of a strict stay begins with the grace period', () => {
    const stay = aBookedStay({ cancellationPolicy: 'strict' });
    const [grace, half] = refundSchedule(stay, confirmedAt);
    expect(grace).toEqual({ until: '2027-01-02T00:00:00.000Z', refundMinor: totalOf(stay) });
    expect(half?.until).toBe('2027-06-03T14:00:00.000Z');
  });

  it('omits steps before the confirmation of the booking', () => {
    const stay = aBookedStay({ cancellationPolicy: 'firm' });
    const [first] = refundSchedule(stay, new Date('2027-06-08T00:00:00Z'));
    expect(first?.until).toBe('2027-06-10T13:59:59.999Z');
  });

  it('has one step for a booking confirmed at check-out', () => {
    const stay = aBookedStay();
    expect(refundSchedule(stay, stay.checkOutAt)).toEqual([
      { until: stay.checkOutAt.toISOString(), refundMinor: 0 },
    ]);
  });

  it('equals the refund of a cancellation at every boundary, and a second and a millisecond before and after it', () => {
    fc.assert(
      fc.property(anyBookedStay, ({ stay, confirmedAt: confirmed }) => {
        const schedule = refundSchedule(stay, confirmed);
        const before = (days: number) =>
          localInstant(addDays(stay.checkInDate, -days), stay.checkInFrom, stay.timeZone);
        const boundaries = [
          ...schedule.map(({ until }) => new Date(until)),
          confirmed,
          addSeconds(confirmed, 86_400),
          addSeconds(stay.checkInAt, -86_400),
          stay.checkInAt,
          ...[5, 7, 14, 30].map(before),
          ...[1, 2, 3, 27].map((night) =>
            localInstant(addDays(stay.checkInDate, night), '00:00', stay.timeZone),
          ),
        ];
        const instants = boundaries.flatMap((boundary) =>
          [-1_000, -1, 0, 1, 1_000].map((offset) => boundary.getTime() + offset),
        );
        for (const instant of [...new Set(instants)].map((milliseconds) => new Date(milliseconds))) {
          if (instant < confirmed || instant > stay.checkOutAt) continue;
          expect(refundAt(schedule, instant)).toBe(guestCancel(stay, confirmed, instant).refundMinor);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('equals the refund of a cancellation at any instant', () => {
    fc.assert(
      fc.property(
        anyBookedStay,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ stay, confirmedAt: confirmed }, share) => {
          const length = stay.checkOutAt.getTime() - confirmed.getTime();
          const instant = addMilliseconds(confirmed, Math.floor(length * share));
          expect(refundAt(refundSchedule(stay, confirmed), instant)).toBe(
            guestCancel(stay, confirmed, instant).refundMinor,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('decreases in order until check-out', () => {
    fc.assert(
      fc.property(anyBookedStay, ({ stay, confirmedAt: confirmed }) => {
        const schedule = refundSchedule(stay, confirmed);
        expect(schedule.at(-1)?.until).toBe(stay.checkOutAt.toISOString());
        schedule.slice(1).forEach((step, previous) => {
          expect(step.until > (schedule[previous]?.until ?? '')).toBe(true);
          expect(step.refundMinor).toBeLessThan(schedule[previous]?.refundMinor ?? 0);
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('a refund schedule after a goodwill refund', () => {
  const schedule = [
    { until: '2027-06-01T00:00:00.000Z', refundMinor: 300 },
    { until: '2027-06-05T00:00:00.000Z', refundMinor: 200 },
    { until: '2027-06-09T00:00:00.000Z', refundMinor: 0 },
  ];
  it.each([
    ['is unchanged when more than the first step remains', 301, schedule],
    ['limits the first step', 250, [{ ...schedule[0], refundMinor: 250 }, schedule[1], schedule[2]]],
    [
      'merges steps that are limited to the same amount',
      199,
      [{ ...schedule[1], refundMinor: 199 }, schedule[2]],
    ],
    ['is a step of 0 when nothing remains', 0, [schedule[2]]],
  ])('%s', (_, remainingMinor, limited) => expect(limitSchedule(schedule, remainingMinor)).toEqual(limited));
});
