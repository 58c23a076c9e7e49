import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { start, startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
const guest = aUser();

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

it('200: the quote as it was made, whatever the host has done to the price since', async () => {
  const listing = await bookings.givenListing();
  const quote = await bookings.givenQuote(guest, listing);
  await bookings.tell({ ...listing.body, pricing: { ...listing.body.pricing!, basePriceMinor: 99_999 } });
  const answer = await bookings.as(guest).get(`/v1/quotes/${quote.id}`);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual(quote);
});

it('304: unchanged', async () => {
  const quote = await bookings.givenQuote(guest, await bookings.givenListing());
  const first = await bookings.as(guest).get(`/v1/quotes/${quote.id}`);
  const etag = first.headers.get('etag') ?? '';
  const again = await bookings.as(guest).get(`/v1/quotes/${quote.id}`, { 'if-none-match': etag });
  expect(again.status).toBe(304);
});

it('200 for a month after it has expired, then 404; its booking keeps all of it', async () => {
  const booking = await bookings.givenBooking();
  const path = `/v1/quotes/${booking.quote.id}`;
  await bookings.service.clock.advance('P29D');
  expect((await bookings.as(booking.guest).get(path)).status).toBe(200);
  await bookings.service.clock.advance('P2D');
  expectProblem(await bookings.as(booking.guest).get(path), 404, 'quote.not_found');
  expect((await bookings.read(booking)).quoteId).toBe(booking.quote.id);
  await bookings.service.clock.set(start);
});

it('404: somebody else’s, or none at all', async () => {
  const quote = await bookings.givenQuote(guest, await bookings.givenListing());
  expectProblem(await bookings.as(aUser()).get(`/v1/quotes/${quote.id}`), 404, 'quote.not_found');
  expectProblem(await bookings.as(guest).get(`/v1/quotes/${randomUUID()}`), 404, 'quote.not_found');
});

it('400: an id that is none', async () => {
  expectProblem(await bookings.as(guest).get('/v1/quotes/1'), 400, 'request.invalid', 'id');
});

it('401: nobody', async () => {
  expectProblem(
    await bookings.service.anonymous.get(`/v1/quotes/${randomUUID()}`),
    401,
    'auth.missing_token',
  );
});
