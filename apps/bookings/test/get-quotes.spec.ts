import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { initialTime, useBookings } from './bookings.fixture.js';

const bookings = useBookings();
const guest = aUser();

it('200: returns the quote as it was created after the host has changed the price', async () => {
  const listing = await bookings.givenListing();
  const quote = await bookings.givenQuote(guest, listing);
  await bookings.publishListing({
    ...listing.body,
    pricing: { ...listing.body.pricing!, basePriceMinor: 99_999 },
  });
  const response = await bookings.as(guest).get(`/v1/quotes/${quote.id}`);
  expect(response.status).toBe(200);
  expect(response.body).toEqual(quote);
});

it('304: responds without a body when the quote is unchanged', async () => {
  const quote = await bookings.givenQuote(guest, await bookings.givenListing());
  const first = await bookings.as(guest).get(`/v1/quotes/${quote.id}`);
  const etag = first.headers.get('etag') ?? '';
  const again = await bookings.as(guest).get(`/v1/quotes/${quote.id}`, { 'if-none-match': etag });
  expect(again.status).toBe(304);
});

it('200: returns an expired quote for a month, then 404; its booking stays complete', async () => {
  const booking = await bookings.givenBooking();
  const path = `/v1/quotes/${booking.quote.id}`;
  await bookings.service.clock.advance('P29D');
  expect((await bookings.as(booking.guest).get(path)).status).toBe(200);
  await bookings.service.clock.advance('P2D');
  expectProblem(await bookings.as(booking.guest).get(path), 404, 'quote.not_found');
  expect((await bookings.read(booking)).quoteId).toBe(booking.quote.id);
  await bookings.service.clock.set(initialTime);
});

it('404: rejects the quote of another guest and an unknown id', async () => {
  const quote = await bookings.givenQuote(guest, await bookings.givenListing());
  expectProblem(await bookings.as(aUser()).get(`/v1/quotes/${quote.id}`), 404, 'quote.not_found');
  expectProblem(await bookings.as(guest).get(`/v1/quotes/${randomUUID()}`), 404, 'quote.not_found');
});

it('400: rejects an invalid id', async () => {
  expectProblem(await bookings.as(guest).get('/v1/quotes/1'), 400, 'request.invalid', 'id');
});

it('401: rejects a request without a token', async () => {
  expectProblem(
    await bookings.service.anonymous.get(`/v1/quotes/${randomUUID()}`),
    401,
    'auth.missing_token',
  );
});
