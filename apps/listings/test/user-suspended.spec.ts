import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aBooking } from './bookings.js';
import { aGuest, aHost, givenPublished, startListings } from './given.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

const theUser = (user: TestUser, status: 'active' | 'suspended' | 'erased') => ({
  userId: user.id,
  displayName: 'A host',
  locale: 'en',
  roles: ['guest' as const, 'host' as const],
  emailVerified: true,
  status,
});
const found = async (host: TestUser) =>
  (await service.anonymous.get<{ data: unknown[] }>(`/v1/listings/search?hostId=${host.id}`)).body.data
    .length;

test('the listings of a suspended host are hidden at once, and back with the host', async () => {
  const host = aHost();
  const { id } = await givenPublished(service, host);
  const other = aHost();
  await givenPublished(service, other);
  await service.deliver('user.became-host', theUser(host, 'active'), { version: 2 });
  expect(await found(host)).toBe(1);
  await service.deliver('user.suspended', theUser(host, 'suspended'), { version: 4, times: 2 });
  expect(await found(host)).toBe(0);
  expect(await found(other)).toBe(1);
  expectProblem(await service.anonymous.get(`/v1/listings/${id}`), 404, 'listing.not_found');
  expect((await service.as(host).get(`/v1/listings/${id}`)).status).toBe(200);
  await service.deliver('user.became-host', theUser(host, 'active'), { version: 3 });
  expect(await found(host)).toBe(0);
  await service.deliver('user.reinstated', theUser(host, 'active'), { version: 5 });
  expect(await found(host)).toBe(1);
  expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
});

test('a guest with a confirmed booking still finds the door of a suspended host', async () => {
  const [host, guest] = [aHost(), aGuest()];
  const { id } = await givenPublished(service, host);
  const booking = aBooking({ listingId: id, hostId: host.id, guestId: guest.id });
  await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
  await service.deliver('user.erased', theUser(host, 'erased'), { version: 9 });
  expect((await service.as(guest).get(`/v1/listings/${id}`)).body.address).not.toBeNull();
  expect((await service.as(aGuest()).get(`/v1/listings/${id}`)).status).toBe(404);
});
