import { aUser, expectProblem, type TestUser } from '@roost/testing';
import { startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

type Said = 'user.suspended' | 'user.reinstated' | 'user.erased';
async function say(type: Said, user: TestUser, version: number): Promise<void> {
  const status = {
    'user.suspended': 'suspended',
    'user.reinstated': 'active',
    'user.erased': 'erased',
  } as const;
  const body = {
    userId: user.id,
    displayName: 'Ann',
    locale: 'en',
    roles: [],
    emailVerified: true,
    status: status[type],
  };
  await bookings.service.deliver(type, body, { version });
}

it.each<Said>(['user.suspended', 'user.erased'])(
  '%s: a guest neither quotes nor books, token or not',
  async (type) => {
    const guest = aUser();
    const listing = await bookings.givenListing();
    const quote = await bookings.givenQuote(guest, listing);
    await say(type, guest, 2);
    expectProblem(await bookings.quote(guest, listing), 403, 'account.suspended');
    expectProblem(
      await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id }),
      403,
      'account.suspended',
    );
  },
);

it('the listings of a suspended host are not there, until she is reinstated', async () => {
  const guest = aUser();
  const listing = await bookings.givenListing();
  const quote = await bookings.givenQuote(guest, listing);
  await say('user.suspended', listing.host, 2);
  expectProblem(await bookings.quote(guest, listing), 404, 'listing.not_found');
  expectProblem(
    await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id }),
    409,
    'booking.listing_unavailable',
  );
  await say('user.reinstated', listing.host, 3);
  await say('user.suspended', listing.host, 2);
  expect((await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id })).status).toBe(201);
});

it('a suspended host accepts nothing while her token lasts; declining gives the money back, so that she may', async () => {
  const booking = await bookings.givenRequest();
  const host = bookings.as(booking.listing.host);
  await say('user.suspended', booking.listing.host, 2);
  expectProblem(await host.post(`/v1/bookings/${booking.id}/accept`), 403, 'account.suspended');
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  const declined = await host.post(`/v1/bookings/${booking.id}/decline`, { reason: 'I can not' });
  expect(declined).toMatchObject({ status: 200, body: { state: 'declined' } });
});
