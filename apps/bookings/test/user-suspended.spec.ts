import { testUser, expectProblem } from '@roost/testing';
import { useBookings, type UserStatusEvent } from './bookings.fixture.js';

const bookings = useBookings();

it.each<UserStatusEvent>(['user.suspended', 'user.erased'])(
  '%s: rejects quotes and bookings of the guest',
  async (type) => {
    const guest = testUser();
    const listing = await bookings.givenListing();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.publishUserStatus(type, guest, 2);
    expectProblem(await bookings.quote(guest, listing), 403, 'account.suspended');
    expectProblem(await bookings.book(guest, quote.id), 403, 'account.suspended');
  },
);

it('hides the listings of a suspended host until the host is reinstated', async () => {
  const guest = testUser();
  const listing = await bookings.givenListing();
  const quote = await bookings.givenQuote(guest, listing);
  await bookings.publishUserStatus('user.suspended', listing.host, 2);
  expectProblem(await bookings.quote(guest, listing), 404, 'listing.not_found');
  expectProblem(await bookings.book(guest, quote.id), 409, 'booking.listing_unavailable');
  await bookings.publishUserStatus('user.reinstated', listing.host, 3);
  await bookings.publishUserStatus('user.suspended', listing.host, 2);
  expect((await bookings.book(guest, quote.id)).status).toBe(201);
});

it('rejects the answers of a suspended host to a request', async () => {
  const booking = await bookings.givenRequest();
  const host = bookings.as(booking.listing.host);
  await bookings.publishUserStatus('user.suspended', booking.listing.host, 2);
  expectProblem(await host.post(`/v1/bookings/${booking.id}/accept`), 403, 'account.suspended');
  const decline = await host.post(`/v1/bookings/${booking.id}/decline`, { reason: 'I cannot' });
  expectProblem(decline, 403, 'account.suspended');
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
});
