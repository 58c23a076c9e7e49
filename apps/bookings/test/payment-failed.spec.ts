import { startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

it('before the hold has run out: the guest may try again', async () => {
  const booking = await bookings.givenBooking();
  await bookings.failed(booking);
  expect(await bookings.stateOf(booking)).toBe('pending_payment');
  await bookings.captured(booking);
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it.each(['failed', 'voided'] as const)(
  'payment.%s once the host has accepted: expires, frees the dates',
  async (how) => {
    const booking = await bookings.givenRequest();
    await bookings.as(booking.listing.host).post(`/v1/bookings/${booking.id}/accept`);
    await bookings[how](booking);
    expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'capture' });
    expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
    const said = (await bookings.service.published('booking.expired')).filter(
      (event) => event.bookingId === booking.id,
    );
    expect(said).toEqual([expect.objectContaining({ cause: 'capture' })]);
    // Money that comes now goes back: no hold ran out here.
    await bookings.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('expired');
  },
);

it('payment.voided while the host thinks: the request can’t be accepted any more', async () => {
  const booking = await bookings.givenRequest();
  await bookings.voided(booking);
  const answer = await bookings.as(booking.listing.host).post(`/v1/bookings/${booking.id}/accept`);
  expect(answer.body).toMatchObject({ code: 'booking.accept_too_late' });
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
});

it('a booking that is confirmed stays confirmed', async () => {
  const booking = await bookings.givenConfirmed();
  await bookings.failed(booking);
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});
