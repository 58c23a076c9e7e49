import { randomUUID } from 'node:crypto';
import { aUser, expectProblem, type TestUser } from '@roost/testing';
import { startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const nights = { from: '2027-06-10', to: '2027-06-14' };
const block = (listing: { id: string }, user: TestUser, body: object = nights, headers = {}) =>
  bookings.as(user).post<{ id: string }>(`/v1/listings/${listing.id}/calendar/blocks`, body, headers);
const unblock = (listing: TestListing, id: string, user = listing.host) =>
  bookings.as(user).delete(`/v1/listings/${listing.id}/calendar/blocks/${id}`);

describe('POST', () => {
  it('201: the nights are gone for guests', async () => {
    const listing = await bookings.givenListing();
    const { status, body } = await block(listing, listing.host, { ...nights, note: 'Family' });
    expect(status).toBe(201);
    expect(body).toEqual({ id: expect.any(String), ...nights, note: 'Family' });
    expectProblem(await bookings.quote(aUser(), listing), 409, 'booking.dates_unavailable');
  });

  it('201: blocks may overlap each other and preparation nights', async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 2 } });
    await bookings.givenConfirmed({ listing });
    for (const from of ['2027-06-14', '2027-06-15']) {
      expect((await block(listing, listing.host, { from, to: '2027-06-20' })).status).toBe(201);
    }
  });

  it('201: over a hold that has run out', async () => {
    const listing = await bookings.givenListing();
    const hold = await bookings.givenBooking({ listing });
    await bookings.givenOverdue(hold);
    expect((await block(listing, listing.host)).status).toBe(201);
    expect(await bookings.stateOf(hold)).toBe('expired');
  });

  it('the same key twice makes one block', async () => {
    const listing = await bookings.givenListing();
    const key = { 'idempotency-key': randomUUID() };
    const first = await block(listing, listing.host, nights, key);
    const again = await block(listing, listing.host, nights, key);
    expect(again.body).toEqual(first.body);
    const rows = await bookings.service.query(
      'SELECT 1 FROM calendar_block k JOIN calendar_listing l ON l.id = k.listing_id WHERE l.public_id = $1',
      [listing.id],
    );
    expect(rows).toHaveLength(1);
  });

  it.each(['givenBooking', 'givenConfirmed', 'givenRequest'] as const)(
    '409 calendar.dates_taken: a live booking (%s)',
    async (given) => {
      const { listing } = await bookings[given]();
      const answer = await block(listing, listing.host, { from: '2027-06-13', to: '2027-06-20' });
      expectProblem(answer, 409, 'calendar.dates_taken');
      expect(await bookings.isFree(listing, '2027-06-15')).toBe(true);
    },
  );

  it('a block and 50 bookings at once: one wins, nothing overlaps', async () => {
    const listing = await bookings.givenListing();
    const guests = Array.from({ length: 50 }, () => aUser());
    const quotes = await Promise.all(guests.map((guest) => bookings.givenQuote(guest, listing)));
    const [blocked, ...booked] = await Promise.all([
      block(listing, listing.host),
      ...quotes.map((quote, index) =>
        bookings.as(guests[index] ?? aUser()).post('/v1/bookings', { quoteId: quote.id }),
      ),
    ]);
    expect([blocked, ...booked].filter((answer) => answer?.status === 201)).toHaveLength(1);
    expect([blocked, ...booked].every((answer) => answer?.status === 201 || answer?.status === 409)).toBe(
      true,
    );
    expect(await bookings.overlaps()).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['reversed', { from: '2027-06-14', to: '2027-06-10' }, '/to'],
    ['no nights', { from: '2027-06-14', to: '2027-06-14' }, '/to'],
    ['an impossible date', { from: '2028-02-31', to: '2028-03-02' }, '/from'],
    ['a thousand years', { from: '2027-06-14', to: '3027-06-14' }, '/to'],
    ['a long note', { ...nights, note: 'x'.repeat(10_000) }, '/note'],
    ['a NUL byte', { ...nights, note: '\u0000' }, '/note'],
    ['an unknown field', { ...nights, live: false }, '/live'],
  ])('400: %s', async (_, body, pointer) => {
    const listing = await bookings.givenListing();
    expectProblem(await block(listing, listing.host, body), 400, 'request.invalid', pointer);
  });

  it('401, 403 and 404', async () => {
    const listing = await bookings.givenListing();
    const path = `/v1/listings/${listing.id}/calendar/blocks`;
    expectProblem(await bookings.service.anonymous.post(path, nights), 401, 'auth.missing_token');
    expectProblem(await block(listing, aUser()), 403, 'auth.forbidden');
    expectProblem(await block(listing, aUser({ roles: ['host'] })), 403, 'listing.forbidden');
    const paused = await bookings.givenListing({ status: 'paused' });
    expectProblem(await block(paused, aUser({ roles: ['host'] })), 404, 'listing.not_found');
    expectProblem(await block({ id: randomUUID() }, listing.host), 404, 'listing.not_found');
    const unverified = aUser({ id: listing.host.id, roles: ['host'], emailVerified: false });
    expectProblem(await block(listing, unverified), 403, 'auth.email_unverified');
  });
});

describe('DELETE', () => {
  it('204: the nights are free again', async () => {
    const listing = await bookings.givenListing();
    const { body } = await block(listing, listing.host);
    expect((await unblock(listing, body.id)).status).toBe(204);
    expect(await bookings.isFree(listing, '2027-06-10')).toBe(true);
    expectProblem(await unblock(listing, body.id), 404, 'calendar.block_not_found');
  });

  it('404: a block of another listing; 403: another host', async () => {
    const listing = await bookings.givenListing();
    const other = await bookings.givenListing({ host: listing.host });
    const { body } = await block(listing, listing.host);
    expectProblem(await unblock(other, body.id), 404, 'calendar.block_not_found');
    expectProblem(await unblock(listing, body.id, aUser({ roles: ['host'] })), 403, 'listing.forbidden');
    expect(await bookings.isFree(listing, '2027-06-10')).toBe(false);
  });
});
