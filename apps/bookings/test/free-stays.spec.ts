import { aUser } from '@roost/testing';
import { startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings.close());

/** Everything is discounted, and there is no fee that would be left. */
const free = (bookingMode: 'instant' | 'request'): Promise<TestListing> =>
  bookings.givenListing({
    bookingMode,
    price: {
      cleaningFeeMinor: 0,
      discounts: { weeklyBps: 0, monthlyBps: 0, earlyBird: { days: 1, bps: 10_000 }, lastMinute: null },
    },
  });

it('a stay that costs nothing is confirmed at once, without a payment', async () => {
  const listing = await free('instant');
  const booking = await bookings.givenBooking({ listing });
  expect(booking.dto).toMatchObject({ state: 'confirmed', totalMinor: 0, holdExpiresAt: null, version: 2 });
  expect(booking.dto.history.map(({ event }) => event)).toEqual(['created', 'payment_captured']);
  expect(await bookings.isFree(listing, '2027-06-10')).toBe(false);
  const confirmed = await bookings.service.published('booking.confirmed');
  expect(confirmed.filter(({ bookingId }) => bookingId === booking.id)).toMatchObject([{ totalMinor: 0 }]);
  await bookings.sweep();
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it('where the host decides it is a request, and the host’s yes confirms it', async () => {
  const booking = await bookings.givenBooking({ listing: await free('request') });
  expect(booking.dto.state).toBe('awaiting_host');
  const { status, body } = await bookings.as(booking.listing.host).post(`/v1/bookings/${booking.id}/accept`);
  expect({ status, state: body.state }).toEqual({ status: 200, state: 'confirmed' });
});

it('its cancellation gives nothing back and frees the nights', async () => {
  const listing = await free('instant');
  const booking = await bookings.givenBooking({ listing, guest: aUser() });
  const { body } = await bookings
    .as(booking.guest)
    .post<{ cancellation: { refundMinor: number } }>(`/v1/bookings/${booking.id}/cancel`, { reason: 'Rain' });
  expect(body.cancellation.refundMinor).toBe(0);
  expect(await bookings.isFree(listing, '2027-06-10')).toBe(true);
});

it('the same key answers the confirmed booking again', async () => {
  const guest = aUser();
  const quote = await bookings.givenQuote(guest, await free('instant'));
  const client = bookings.as(guest).with({ 'idempotency-key': 'free' });
  const first = await client.post('/v1/bookings', { quoteId: quote.id });
  expect(first).toMatchObject({ status: 201, body: { state: 'confirmed' } });
  expect(await client.post('/v1/bookings', { quoteId: quote.id })).toMatchObject({
    status: 201,
    body: first.body,
  });
});
