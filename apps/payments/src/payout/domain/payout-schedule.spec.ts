import { addDays } from '@roost/stay';
import fc from 'fast-check';
import { instalmentDates, payoutSchedule, type PayoutTerms } from './payout-schedule.js';

const terms = (nights: number, overrides: Partial<PayoutTerms> = {}): PayoutTerms => ({
  checkInDate: '2030-05-10',
  checkOutDate: addDays('2030-05-10', nights),
  timeZone: 'America/New_York',
  firstDueAt: new Date('2030-05-11T19:00:00Z'),
  cancelled: false,
  ...overrides,
});
const amounts = (nights: number, paid: number, unpaid: number, overrides: Partial<PayoutTerms> = {}) =>
  payoutSchedule(terms(nights, overrides), paid, unpaid).map(({ amountMinor }) => amountMinor);

describe('payoutSchedule', () => {
  it.each([
    [1, [1_000]],
    [27, [1_000]],
    [28, [1_000]],
    [30, [1_000]],
    [31, [968, 32]],
    [60, [500, 500]],
    [61, [492, 492, 16]],
    [90, [334, 333, 333]],
  ])('divides a stay of %i nights', (nights, expected) => {
    expect(amounts(nights, 0, 1_000)).toEqual(expected);
  });

  it.each([
    ['what is not paid is divided over the open instalments', 90, 1, 600, [300, 300]],
    ['an amount after the last instalment is due with it', 90, 3, 50, [50]],
    ['a stay that became shorter than what is paid', 20, 2, 70, [70]],
    ['a short stay that was paid', 2, 1, 5, [5]],
    ['nothing is left', 90, 1, 0, []],
    ['more was paid than is left', 90, 1, -10, []],
    ['instalments without an amount are left out', 90, 0, 2, [1, 1]],
  ])('%s', (_name, nights, paid, unpaid, expected) => {
    expect(amounts(nights, paid, unpaid)).toEqual(expected);
  });

  it('pays the rest of a cancelled stay with its next instalment', () => {
    expect(payoutSchedule(terms(90, { cancelled: true }), 1, 600)).toEqual([
      { number: 2, dueAt: new Date('2030-06-10T19:00:00Z'), amountMinor: 600 },
    ]);
  });

  it('keeps the local time of the place over a clock change', () => {
    const dates = instalmentDates(
      terms(60, {
        checkInDate: '2030-10-20',
        checkOutDate: '2030-12-19',
        firstDueAt: new Date('2030-10-21T19:00:00Z'),
      }),
    );
    expect(dates.map(({ dueAt }) => dueAt.toISOString())).toEqual([
      '2030-10-21T19:00:00.000Z',
      '2030-11-20T20:00:00.000Z',
    ]);
  });

  it('sums to what is not paid, in increasing dates, without a negative instalment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 15 }),
        fc.integer({ min: -1_000, max: 10_000_000_000 }),
        fc.boolean(),
        (nights, paid, unpaid, cancelled) => {
          const instalments = payoutSchedule(terms(nights, { cancelled }), paid, unpaid);
          expect(instalments.reduce((total, one) => total + one.amountMinor, 0)).toBe(Math.max(0, unpaid));
          for (const [index, { amountMinor, dueAt, number }] of instalments.entries()) {
            expect(amountMinor).toBeGreaterThan(0);
            const before = instalments[index - 1];
            if (before) expect(dueAt.getTime()).toBeGreaterThan(before.dueAt.getTime());
            if (before) expect(number).toBeGreaterThan(before.number);
          }
        },
      ),
    );
  });

  it('pays the share exactly over a whole stay, also if it changes before each instalment', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ nights: fc.integer({ min: 28, max: 300 }), share: fc.integer({ min: 0, max: 1e9 }) }),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        (changes) => {
          let paid = 0;
          let instalments = 0;
          let share = 0;
          for (const change of changes) {
            share = change.share;
            const [next] = payoutSchedule(terms(change.nights), instalments, share - paid);
            if (!next) continue;
            paid += next.amountMinor;
            instalments = next.number;
          }
          const last = payoutSchedule(terms(300), instalments, share - paid);
          const rest = last.reduce((total, one) => total + one.amountMinor, 0);
          // A share that fell below what was paid is a claw-back.
          expect(paid + rest).toBe(Math.max(share, paid));
        },
      ),
    );
  });
});
