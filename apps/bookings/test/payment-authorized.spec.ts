import { paymentOf, startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const requested = async (id: string) =>
  (await bookings.service.published('booking.requested')).filter((event) => event.bookingId === id);
const minutesFromNow = (at: string | null) =>
  Math.round((Date.parse(at ?? '') - bookings.service.clock.now().getTime()) / 60_000);

it('asks the host, who has a day to answer', async () => {
  const booking = await bookings.givenRequest();
  const read = await bookings.read(booking);
  expect(read).toMatchObject({ state: 'awaiting_host', holdExpiresAt: null, paymentId: booking.paymentId });
  expect(minutesFromNow(read.respondBy)).toBe(24 * 60);
  expect(await requested(booking.id)).toEqual([
    expect.objectContaining({ state: 'awaiting_host', respondBy: read.respondBy }),
  ]);
  expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(false);
});

it('never past check-in', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const stay = { checkInDate: '2027-03-02', checkOutDate: '2027-03-04' };
  const booking = await bookings.givenBooking({ listing, ...stay });
  await bookings.authorized(booking);
  // 15:00 in New York, still on winter time
  expect((await bookings.read(booking)).respondBy).toBe('2027-03-02T20:00:00.000Z');
});

it('nor past what the authorization leaves for the capture', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const booking = await bookings.givenBooking({ listing });
  // The provider knows nothing of domain time.
  const inTwoHours = new Date(Date.now() + 7_200_000).toISOString();
  await bookings.authorized(booking, inTwoHours);
  expect(minutesFromNow((await bookings.read(booking)).respondBy)).toBe(110);
});

it('is not enough for an instant booking, which waits for the capture', async () => {
  const booking = await bookings.givenBooking();
  await bookings.authorized(booking);
  expect(await bookings.read(booking)).toMatchObject({
    state: 'pending_payment',
    paymentId: booking.paymentId,
  });
});

it('late, dates free: asks the host after all', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const booking = await bookings.givenBooking({ listing });
  await bookings.service.clock.advance('PT15M');
  expect(await bookings.stateOf(booking)).toBe('expired');
  await bookings.authorized(booking);
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
});

it('payment.created: the booking knows its payment', async () => {
  const booking = await bookings.givenBooking();
  await bookings.service.deliver('payment.created', paymentOf(booking, 'requires_payment_method'));
  expect(await bookings.read(booking)).toMatchObject({
    state: 'pending_payment',
    paymentId: booking.paymentId,
  });
});
