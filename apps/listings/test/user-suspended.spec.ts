import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aBooking } from './booking.fixture.js';
import { aGuest, aHost, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

const userEvent = (user: TestUser, status: 'active' | 'suspended' | 'erased') => ({
  userId: user.id,
  displayName: 'A host',
  locale: 'en',
  roles: ['guest' as const, 'host' as const],
  emailVerified: true,
  status,
});
const countHits = async (host: TestUser) =>
  (await service.anonymous.get<{ data: unknown[] }>(`/v1/listings/search?hostId=${host.id}`)).body.data
    .length;

test('hides the listings of a suspended host and shows them after reinstatement', async () => {
  const host = aHost();
  const { id } = await createPublished(service, host);
  const other = aHost();
  await createPublished(service, other);
  await service.deliver('user.became-host', userEvent(host, 'active'), { version: 2 });
  expect(await countHits(host)).toBe(1);
  await service.deliver('user.suspended', userEvent(host, 'suspended'), { version: 4, times: 2 });
  expect(await countHits(host)).toBe(0);
  expect(await countHits(other)).toBe(1);
  expectProblem(await service.anonymous.get(`/v1/listings/${id}`), 404, 'listing.not_found');
  expectProblem(await service.as(host).get(`/v1/listings/${id}`), 403, 'account.suspended');
  await service.deliver('user.became-host', userEvent(host, 'active'), { version: 3 });
  expect(await countHits(host)).toBe(0);
  await service.deliver('user.reinstated', userEvent(host, 'active'), { version: 5 });
  expect(await countHits(host)).toBe(1);
  expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
});

test('shows the address of an erased host’s listing to a guest with a confirmed booking', async () => {
  const [host, guest] = [aHost(), aGuest()];
  const { id } = await createPublished(service, host);
  const booking = aBooking({ listingId: id, hostId: host.id, guestId: guest.id });
  await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
  await service.deliver('user.erased', userEvent(host, 'erased'), { version: 9 });
  expect((await service.as(guest).get(`/v1/listings/${id}`)).body.address).not.toBeNull();
  expect((await service.as(aGuest()).get(`/v1/listings/${id}`)).status).toBe(404);
});
