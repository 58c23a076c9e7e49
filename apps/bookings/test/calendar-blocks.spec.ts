import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import { useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();

const nights = { from: '2027-06-10', to: '2027-06-14' };
const block = (listing: { id: string }, user: TestUser, body: object = nights, headers = {}) =>
  bookings.as(user).post<{ id: string }>(`/v1/listings/${listing.id}/calendar/blocks`, body, headers);
const unblock = (listing: TestListing, id: string, user = listing.host) =>
  bookings.as(user).delete(`/v1/listings/${listing.id}/calendar/blocks/${id}`);

describe('POST', () => {
  it('201: makes the nights unavailable to guests', async () => {
    const listing = await bookings.givenListing();
    const { status, body } = await block(listing, listing.host, { ...nights, note: 'Family' });
    expect(status).toBe(201);
    expect(body).toEqual({ id: expect.any(String), ...nights, note: 'Family' });
    expectProblem(await bookings.quote(testUser(), listing), 409, 'booking.dates_unavailable');
  });

  it('201: allows blocks to overlap each other and preparation nights', async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 2 } });
    await bookings.givenConfirmed({ listing });
    for (const from of ['2027-06-14', '2027-06-15']) {
      expect((await block(listing, listing.host, { from, to: '2027-06-20' })).status).toBe(201);
    }
  });

  it('201: expires an overdue hold of the nights', async () => {
    const listing = await bookings.givenListing();
    const hold = await bookings.givenBooking({ listing });
    await bookings.makeOverdue(hold);
    expect((await block(listing, listing.host)).status).toBe(201);
    expect(await bookings.stateOf(hold)).toBe('expired');
  });

  it('creates one block for two requests with the same Idempotency-Key', async () => {
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
    '409 calendar.dates_taken: rejects nights of an active booking (%s)',
    async (given) => {
      const { listing } = await bookings[given]();
      const response = await block(listing, listing.host, { from: '2027-06-13', to: '2027-06-20' });
      expectProblem(response, 409, 'calendar.dates_taken');
      expect(await bookings.calendar.isFree(listing, '2027-06-15')).toBe(true);
    },
  );

  it('accepts one of a block and 50 bookings sent concurrently', async () => {
    const listing = await bookings.givenListing();
    const guests = Array.from({ length: 50 }, () => testUser());
    const quotes = await Promise.all(guests.map((guest) => bookings.givenQuote(guest, listing)));
    const [blocked, ...booked] = await Promise.all([
      block(listing, listing.host),
      ...quotes.map((quote, index) =>
        bookings.as(guests[index] ?? testUser()).post('/v1/bookings', { quoteId: quote.id }),
      ),
    ]);
    expect([blocked, ...booked].filter((response) => response?.status === 201)).toHaveLength(1);
    expect(
      [blocked, ...booked].every((response) => response?.status === 201 || response?.status === 409),
    ).toBe(true);
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['reversed dates', { from: '2027-06-14', to: '2027-06-10' }, '/to'],
    ['no nights', { from: '2027-06-14', to: '2027-06-14' }, '/to'],
    ['an impossible date', { from: '2028-02-31', to: '2028-03-02' }, '/from'],
    ['a range of a thousand years', { from: '2027-06-14', to: '3027-06-14' }, '/to'],
    ['a note of 10,000 characters', { ...nights, note: 'x'.repeat(10_000) }, '/note'],
    ['a NUL byte in the note', { ...nights, note: '\u0000' }, '/note'],
    ['an unknown field', { ...nights, live: false }, '/live'],
    ['an invisible note', { ...nights, note: '\u200b\u2060\u3164' }, '/note'],
  ])('400: rejects %s', async (_, body, pointer) => {
    const listing = await bookings.givenListing();
    expectProblem(await block(listing, listing.host, body), 400, 'request.invalid', pointer);
  });

  it('401, 403, 404: rejects users other than the host, and missing listings', async () => {
    const listing = await bookings.givenListing();
    const path = `/v1/listings/${listing.id}/calendar/blocks`;
    expectProblem(await bookings.service.anonymous.post(path, nights), 401, 'auth.missing_token');
    expectProblem(await block(listing, testUser()), 403, 'auth.forbidden');
    expectProblem(await block(listing, testUser({ roles: ['host'] })), 403, 'listing.forbidden');
    const paused = await bookings.givenListing({ status: 'paused' });
    expectProblem(await block(paused, testUser({ roles: ['host'] })), 404, 'listing.not_found');
    expectProblem(await block({ id: randomUUID() }, listing.host), 404, 'listing.not_found');
    const unverified = testUser({ id: listing.host.id, roles: ['host'], emailVerified: false });
    expectProblem(await block(listing, unverified), 403, 'auth.email_unverified');
  });
});

describe('DELETE', () => {
  it('204: makes the nights available again', async () => {
    const listing = await bookings.givenListing();
    const { body } = await block(listing, listing.host);
    expect((await unblock(listing, body.id)).status).toBe(204);
    expect(await bookings.calendar.isFree(listing, '2027-06-10')).toBe(true);
    expectProblem(await unblock(listing, body.id), 404, 'calendar.block_not_found');
  });

  it('404: rejects the block of another listing; 403: rejects another host', async () => {
    const listing = await bookings.givenListing();
    const other = await bookings.givenListing({ host: listing.host });
    const { body } = await block(listing, listing.host);
    expectProblem(await unblock(other, body.id), 404, 'calendar.block_not_found');
    expectProblem(await unblock(listing, body.id, testUser({ roles: ['host'] })), 403, 'listing.forbidden');
    expect(await bookings.calendar.isFree(listing, '2027-06-10')).toBe(false);
  });
});
