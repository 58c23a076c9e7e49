import { testUser } from '@roost/testing';
import { useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();

/** A listing whose nights are discounted by 100 % and that has no fees. */
const givenFreeListing = (bookingMode: 'instant' | 'request'): Promise<TestListing> =>
  bookings.givenListing({
    bookingMode,
    price: {
      cleaningFeeMinor: 0,
      discounts: { weeklyBps: 0, monthlyBps: 0, earlyBird: { days: 1, bps: 10_000 }, lastMinute: null },
    },
  });

it('confirms a stay with a total of 0 immediately, without a payment', async () => {
  const listing = await givenFreeListing('instant');
  const booking = await bookings.givenBooking({ listing });
  expect(booking.dto).toMatchObject({ state: 'confirmed', totalMinor: 0, holdExpiresAt: null, version: 2 });
  expect(booking.dto.history.map(({ event }) => event)).toEqual(['created', 'payment_captured']);
  expect(await bookings.calendar.isFree(listing, '2027-06-10')).toBe(false);
  const confirmed = await bookings.service.published('booking.confirmed');
  expect(confirmed.filter(({ bookingId }) => bookingId === booking.id)).toMatchObject([{ totalMinor: 0 }]);
  await bookings.sweep();
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it('creates a request in the booking mode request and confirms it when the host accepts', async () => {
  const booking = await bookings.givenBooking({ listing: await givenFreeListing('request') });
  expect(booking.dto.state).toBe('awaiting_host');
  const { status, body } = await bookings.accept(booking);
  expect({ status, state: body.state }).toEqual({ status: 200, state: 'confirmed' });
});

it('refunds 0 on cancellation and releases the nights', async () => {
  const listing = await givenFreeListing('instant');
  const booking = await bookings.givenBooking({ listing, guest: testUser() });
  const { body } = await bookings.cancel(booking);
  expect(body.cancellation?.refundMinor).toBe(0);
  expect(await bookings.calendar.isFree(listing, '2027-06-10')).toBe(true);
});

it('returns the confirmed booking again for the same Idempotency-Key', async () => {
  const guest = testUser();
  const quote = await bookings.givenQuote(guest, await givenFreeListing('instant'));
  const client = bookings.as(guest).with({ 'idempotency-key': 'free' });
  const first = await client.post('/v1/bookings', { quoteId: quote.id });
  expect(first).toMatchObject({ status: 201, body: { state: 'confirmed' } });
  expect(await client.post('/v1/bookings', { quoteId: quote.id })).toMatchObject({
    status: 201,
    body: first.body,
  });
});
