import { type BookingMoney, checkBookings } from './booking-money.check.js';

const booking = {
  ...{ id: 'b', state: 'confirmed', total: 1_000, captured: 1_500, hostPayout: 900, wasConfirmed: true },
  ...{ refund: 0, goodwill: 0, penalty: 0 },
};
const payment = {
  ...{ id: 'p', bookingId: 'b', purpose: 'booking', confirmed: true, status: 'partially_refunded' },
  ...{ providerRef: 'pi', amount: 1_500, authorized: 1_500, captured: 1_500, refunded: 500, reserved: 500 },
  outOfBand: 0,
  returnedByBank: 0,
};
const refund = {
  ...{ paymentId: 'p', succeeded: 500, open: 0, goodwill: 0, hostGoodwill: 0, changeRefunds: 1 },
  uncountedReturnedByBank: 0,
};

const money = (changes: {
  booking?: Partial<typeof booking>;
  payment?: Partial<typeof payment>;
  refund?: Partial<typeof refund>;
}): BookingMoney => ({
  bookings: [{ ...booking, ...changes.booking }],
  payments: [{ ...payment, ...changes.payment }],
  refunds: [{ ...refund, ...changes.refund }],
});

/** The bank has returned the refund of a change to a price below the goodwill, and `uncounted` of unpaid goodwill. */
const usedUp = (uncounted: number) =>
  money({
    booking: { total: 400, goodwill: 400 },
    payment: { refunded: 900, reserved: 900, returnedByBank: 500 + uncounted },
    refund: { succeeded: 900, goodwill: 900, changeRefunds: 0, uncountedReturnedByBank: uncounted },
  });
const rules = (data: BookingMoney) => checkBookings(data).map(({ rule }) => rule);

describe('checkBookings', () => {
  test.each<[string, BookingMoney]>([
    ['a refund of a change', money({})],
    ['a refund that a lost dispute has reduced', money({ payment: { refunded: 100, returnedByBank: 400 } })],
    [
      'a refund by an administrator that a lost dispute has replaced before it was paid',
      money({
        payment: { refunded: 500, returnedByBank: 300 },
        refund: { uncountedReturnedByBank: 300 },
      }),
    ],
    [
      'a refund by an administrator that was paid, and that a lost dispute has replaced after its return',
      money({ booking: { goodwill: 300 }, payment: { returnedByBank: 300 }, refund: { goodwill: 300 } }),
    ],
    ['goodwill that a change has used up, and whose rest the bank has returned', usedUp(100)],
    [
      'a cancellation whose refund the bank has returned with goodwill that was not paid',
      money({
        booking: { state: 'cancelled', refund: 1_000 },
        payment: { refunded: 0, reserved: 0, returnedByBank: 1_500 },
        refund: { succeeded: 0, changeRefunds: 0, uncountedReturnedByBank: 300 },
      }),
    ],
    ['a refund that waits for a dispute', money({ payment: { status: 'disputed', refunded: 0 } })],
    [
      'a cancellation during a dispute',
      money({ booking: { state: 'cancelled', refund: 1_000 }, payment: { status: 'disputed', refunded: 0 } }),
    ],
  ])('%s agrees', (_name, data) => {
    expect(rules(data)).toEqual([]);
  });

  test.each<[string, BookingMoney, string]>([
    ['a refund that is not paid', money({ payment: { refunded: 499 } }), 'booking.unpaid'],
    ['a refund reduced too much', money({ payment: { returnedByBank: 1 } }), 'booking.unpaid'],
    [
      'too large a refund during a dispute',
      money({ payment: { status: 'disputed', refunded: 501 } }),
      'booking.unpaid',
    ],
    [
      'a cancellation that refunded too much during a dispute',
      money({
        booking: { state: 'cancelled', refund: 900 },
        payment: { status: 'disputed', refunded: 1_401 },
      }),
      'booking.refund',
    ],
    ['less returned by the bank than a change has used up', usedUp(99), 'booking.unpaid'],
    [
      'goodwill that bookings has not heard of',
      money({ refund: { goodwill: 1, changeRefunds: 0 } }),
      'booking.goodwill',
    ],
  ])('%s is reported', (_name, data, rule) => {
    expect(rules(data)).toEqual([rule]);
  });
});
