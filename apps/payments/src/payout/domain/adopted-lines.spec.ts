import { adoptedLines } from './adopted-lines.js';
import type { HostBooking, PayoutPlan } from './payout-plan.js';

const NOTHING_DUE: PayoutPlan = { pays: false, reason: 'nothing_due' };

const booking = (bookingId: string, balanceMinor: number, firstDueAt: string, nights = 2): HostBooking => ({
  bookingId,
  balanceMinor,
  terms: {
    checkInDate: '2027-01-01',
    checkOutDate: new Date(Date.UTC(2027, 0, 1 + nights)).toISOString().slice(0, 10),
    timeZone: 'Europe/Lisbon',
    firstDueAt: new Date(firstDueAt),
    cancelled: false,
  },
  paidInstalments: 0,
  frozen: null,
});

test('takes the lines of the plan if the host is owed exactly this amount, with its deductions', () => {
  const lines = [
    { bookingId: 'a', amountMinor: 900, instalment: 1 },
    { bookingId: 'b', amountMinor: -200, instalment: 0 },
  ];
  const plan: PayoutPlan = { pays: true, amountMinor: 700, dueAt: new Date('2027-01-02T00:00:00Z'), lines };
  expect(adoptedLines([booking('c', 700, '2027-01-01T00:00:00Z')], plan, 700)).toEqual(lines);
});

test('pays the bookings that were due first, the last one in part', () => {
  const bookings = [
    booking('late', 500, '2027-01-09T00:00:00Z'),
    booking('early', 300, '2027-01-03T00:00:00Z'),
    booking('negative', -100, '2027-01-01T00:00:00Z'),
  ];
  expect(adoptedLines(bookings, NOTHING_DUE, 400)).toEqual([
    { bookingId: 'early', amountMinor: 300, instalment: 1 },
    { bookingId: 'late', amountMinor: 100, instalment: 1 },
  ]);
});

test('counts the instalments of a long stay that the amount pays', () => {
  const stay = booking('long', 900, '2027-01-02T00:00:00Z', 90);
  expect(adoptedLines([stay], NOTHING_DUE, 600)).toEqual([
    { bookingId: 'long', amountMinor: 600, instalment: 2 },
  ]);
});

test('has no lines for more than the books owe to the host', () => {
  expect(adoptedLines([booking('a', 300, '2027-01-03T00:00:00Z')], NOTHING_DUE, 301)).toBeNull();
});
