import { useBookings } from './bookings.fixture.js';

const bookings = useBookings();

it('lets the guest retry before the hold expires', async () => {
  const booking = await bookings.givenBooking();
  await bookings.payments.failed(booking);
  expect(await bookings.stateOf(booking)).toBe('pending_payment');
  await bookings.payments.captured(booking);
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it.each(['failed', 'voided'] as const)(
  'payment.%s after acceptance expires the booking and releases the nights',
  async (event) => {
    const booking = await bookings.givenRequest();
    await bookings.accept(booking);
    await bookings.payments[event](booking);
    expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'capture' });
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
    expect(await bookings.publishedFor('booking.expired', booking)).toEqual([
      expect.objectContaining({ cause: 'capture' }),
    ]);
    // A later capture is refunded, since the cause is not the hold.
    await bookings.payments.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('expired');
  },
);

it('payment.voided before the response of the host makes acceptance impossible', async () => {
  const booking = await bookings.givenRequest();
  await bookings.payments.voided(booking);
  const response = await bookings.accept(booking);
  expect(response.body).toMatchObject({ code: 'booking.accept_too_late' });
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
});

it('does not change a confirmed booking', async () => {
  const booking = await bookings.givenConfirmed();
  await bookings.payments.failed(booking);
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});
