import { useBookings } from './bookings.fixture.js';
import { paymentOf } from './payments.fixture.js';

const bookings = useBookings();

const minutesFromNow = (at: string | null) =>
  Math.round((Date.parse(at ?? '') - bookings.service.clock.now().getTime()) / 60_000);

it('requests a response of the host within 24 hours', async () => {
  const booking = await bookings.givenRequest();
  const read = await bookings.read(booking);
  expect(read).toMatchObject({ state: 'awaiting_host', holdExpiresAt: null, paymentId: booking.paymentId });
  expect(minutesFromNow(read.respondBy)).toBe(24 * 60);
  expect(await bookings.publishedFor('booking.requested', booking)).toEqual([
    expect.objectContaining({ state: 'awaiting_host', respondBy: read.respondBy }),
  ]);
  expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(false);
});

it('limits the response time to check-in', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const stay = { checkInDate: '2027-03-02', checkOutDate: '2027-03-04' };
  const booking = await bookings.givenBooking({ listing, ...stay });
  await bookings.payments.authorized(booking);
  // 15:00 in New York, in winter time
  expect((await bookings.read(booking)).respondBy).toBe('2027-03-02T20:00:00.000Z');
});

it('limits the response time to ten minutes before the authorization expires', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const booking = await bookings.givenBooking({ listing });
  // `captureBefore` is real time, not domain time.
  const inTwoHours = new Date(Date.now() + 7_200_000).toISOString();
  await bookings.payments.authorized(booking, inTwoHours);
  expect(minutesFromNow((await bookings.read(booking)).respondBy)).toBe(110);
});

it('does not confirm an instant booking before the capture', async () => {
  const booking = await bookings.givenBooking();
  await bookings.payments.authorized(booking);
  expect(await bookings.read(booking)).toMatchObject({
    state: 'pending_payment',
    paymentId: booking.paymentId,
  });
});

it('requests a response for an expired hold when the nights are still available', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const booking = await bookings.givenBooking({ listing });
  await bookings.service.clock.advance('PT15M');
  expect(await bookings.stateOf(booking)).toBe('expired');
  await bookings.payments.authorized(booking);
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
});

it('stores the payment id of payment.created', async () => {
  const booking = await bookings.givenBooking();
  await bookings.service.deliver('payment.created', paymentOf(booking, 'requires_payment_method'));
  expect(await bookings.read(booking)).toMatchObject({
    state: 'pending_payment',
    paymentId: booking.paymentId,
  });
});
