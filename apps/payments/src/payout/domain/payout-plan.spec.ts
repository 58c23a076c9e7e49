import { chargeBounds } from '@roost/money';
import { addDays } from '@roost/stay';
import fc from 'fast-check';
import { type HostBooking, nextCheckAt, planPayout, retryAt } from './payout-plan.js';

const NOW = new Date('2030-05-12T12:00:00Z');
const USD = chargeBounds('USD');

function booking(bookingId: string, balanceMinor: number, overrides: Partial<HostBooking> = {}): HostBooking {
  return {
    bookingId,
    balanceMinor,
    terms: {
      checkInDate: '2030-05-10',
      checkOutDate: '2030-05-12',
      timeZone: 'UTC',
      firstDueAt: new Date('2030-05-11T19:00:00Z'),
      cancelled: false,
    },
    paidInstalments: 0,
    frozen: null,
    ...overrides,
  };
}

const later = (id: string, balanceMinor: number) => {
  const one = booking(id, balanceMinor);
  return { ...one, terms: one.terms && { ...one.terms, firstDueAt: new Date('2030-06-01T00:00:00Z') } };
};

function plan(bookings: readonly HostBooking[], bounds = USD, balanceMinor?: number) {
  const total = bookings.reduce((sum, one) => sum + one.balanceMinor, 0);
  return planPayout(bookings, { now: NOW, balanceMinor: balanceMinor ?? total, bounds });
}

const summary = (bookings: readonly HostBooking[], bounds = USD, balanceMinor?: number) => {
  const made = plan(bookings, bounds, balanceMinor);
  return made.pays
    ? { pays: made.amountMinor, lines: made.lines.map((line) => [line.bookingId, line.amountMinor]) }
    : made.reason;
};

describe('planPayout', () => {
  it.each<[string, HostBooking[], unknown]>([
    ['nothing', [], 'nothing_due'],
    ['a stay that is due later', [later('a', 500)], 'nothing_due'],
    ['a due stay', [booking('a', 500)], { pays: 500, lines: [['a', 500]] }],
    [
      'a due stay beside one that is due later',
      [booking('a', 500), later('b', 900)],
      { pays: 500, lines: [['a', 500]] },
    ],
    [
      'a penalty below the earnings',
      [booking('a', 500), booking('b', -200)],
      {
        pays: 300,
        lines: [
          ['a', 500],
          ['b', -200],
        ],
      },
    ],
    ['a penalty above the earnings', [booking('a', 500), booking('b', -600)], 'negative_balance'],
    ['a penalty equal to the earnings', [booking('a', 500), booking('b', -500)], 'negative_balance'],
    [
      'a penalty that only later earnings cover',
      [booking('a', 500), booking('b', -600), later('c', 900)],
      'negative_balance',
    ],
    ['only a penalty', [booking('b', -200)], 'nothing_due'],
    ['less than the minimum', [booking('a', 49)], 'below_minimum'],
    ['the minimum', [booking('a', 50)], { pays: 50, lines: [['a', 50]] }],
    ['a frozen stay', [booking('a', 500, { frozen: 'dispute_open' })], 'nothing_due'],
    [
      'a frozen stay beside another one',
      [booking('a', 500, { frozen: 'dispute_open' }), booking('b', 70)],
      { pays: 70, lines: [['b', 70]] },
    ],
    ['a stay that was never confirmed', [booking('a', 500, { terms: null })], 'nothing_due'],
    [
      'more than the maximum',
      [booking('a', 99_999_000), booking('b', 5_000)],
      {
        pays: 99_999_999,
        lines: [
          ['a', 99_999_000],
          ['b', 999],
        ],
      },
    ],
  ])('%s', (_name, bookings, expected) => {
    expect(summary(bookings)).toEqual(expected);
  });

  it('never pays more than the whole balance of the host', () => {
    expect(summary([booking('a', 500)], USD, 300)).toEqual({ pays: 300, lines: [['a', 300]] });
    expect(summary([booking('a', 500)], USD, 0)).toBe('negative_balance');
    expect(summary([booking('a', 500)], USD, -1)).toBe('negative_balance');
  });

  it('pays KWD in steps of 10 and carries the rest', () => {
    const KWD = chargeBounds('KWD');
    expect(summary([booking('a', 12_345)], KWD)).toEqual({ pays: 12_340, lines: [['a', 12_340]] });
    expect(summary([booking('a', 12_345), booking('b', 4)], KWD)).toEqual({
      pays: 12_340,
      lines: [['a', 12_340]],
    });
    expect(summary([booking('a', 55)], KWD)).toEqual({ pays: 50, lines: [['a', 50]] });
    expect(summary([booking('a', 49)], KWD)).toBe('below_minimum');
  });

  const bookings = fc.array(
    fc.record({
      balanceMinor: fc.integer({ min: -200_000, max: 200_000 }),
      nights: fc.integer({ min: 1, max: 120 }),
      dueHours: fc.integer({ min: -5_000, max: 500 }),
      paidInstalments: fc.integer({ min: 0, max: 4 }),
      frozen: fc.constantFrom(null, 'dispute_open' as const, 'refund_open' as const),
      cancelled: fc.boolean(),
    }),
    { maxLength: 20 },
  );

  it('pays at most what is due and the balance of the host, in steps, and its lines sum to it', () => {
    fc.assert(
      fc.property(bookings, fc.constantFrom('USD', 'JPY', 'KWD', 'HUF'), (all, currency) => {
        const host = all.map(({ balanceMinor, nights, dueHours, ...rest }, index): HostBooking => ({
          ...{ bookingId: `b${index}`, balanceMinor, ...rest },
          terms: {
            checkInDate: '2030-05-10',
            checkOutDate: addDays('2030-05-10', nights),
            timeZone: 'UTC',
            firstDueAt: new Date(NOW.getTime() + dueHours * 3_600_000),
            cancelled: rest.cancelled,
          },
        }));
        const bounds = chargeBounds(currency);
        const made = plan(host, bounds);
        if (!made.pays) return;
        const whole = host.reduce((sum, one) => sum + one.balanceMinor, 0);
        expect(made.amountMinor).toBeLessThanOrEqual(whole);
        expect(made.amountMinor).toBeGreaterThanOrEqual(bounds.minMinor);
        expect(made.amountMinor % bounds.stepMinor).toBe(0);
        expect(made.lines.reduce((sum, line) => sum + line.amountMinor, 0)).toBe(made.amountMinor);
        expect(new Set(made.lines.map(({ bookingId }) => bookingId)).size).toBe(made.lines.length);
        for (const line of made.lines) {
          const one = host.find(({ bookingId }) => bookingId === line.bookingId);
          expect(one?.frozen).toBeNull();
          if (line.amountMinor > 0) expect(line.amountMinor).toBeLessThanOrEqual(one?.balanceMinor ?? 0);
          else expect(line.amountMinor).toBe(one?.balanceMinor);
        }
        for (const one of host.filter(({ balanceMinor, frozen }) => balanceMinor < 0 && !frozen)) {
          expect(made.lines.map(({ bookingId }) => bookingId)).toContain(one.bookingId);
        }
      }),
    );
  });

  it('limits the lines of one payout, and still deducts', () => {
    const many = Array.from({ length: 600 }, (_, index) =>
      booking(`a${String(index).padStart(3, '0')}`, 100),
    );
    const made = plan([...many, booking('b', -150)]);
    expect(made).toMatchObject({ pays: true, amountMinor: 499 * 100 - 150 });
  });
});

describe('nextCheckAt', () => {
  it.each([
    ['an open amount: in an hour', booking('a', 5), true, '2030-05-12T13:00:00.000Z'],
    ['before the first date: at that date', later('a', 5), false, '2030-06-01T00:00:00.000Z'],
    ['after the last date: a day later', booking('a', 0), false, '2030-05-13T12:00:00.000Z'],
    ['without terms: never', booking('a', 0, { terms: null }), false, undefined],
  ])('%s', (_name, one, open, expected) => {
    expect(nextCheckAt(one, open, NOW)?.toISOString()).toBe(expected);
  });

  it('ends half a year after the last date', () => {
    expect(nextCheckAt(booking('a', 0), false, new Date('2030-12-01T00:00:00Z'))).toBeNull();
  });
});

describe('retryAt', () => {
  it.each([
    [1, '2030-05-12T13:00:00.000Z'],
    [2, '2030-05-12T18:00:00.000Z'],
    [3, '2030-05-13T12:00:00.000Z'],
    [9, '2030-05-13T12:00:00.000Z'],
  ])('after %i failures', (attempt, expected) => {
    expect(retryAt(attempt, NOW).toISOString()).toBe(expected);
  });
});
