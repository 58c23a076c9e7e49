import type { TestService, TestUser } from '@roost/testing';
import { aBooking } from './booking.fixture.js';
import { aGuest, aHost, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
let listingId: string;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
  listingId = (await createPublished(service, host)).id;
});
afterAll(() => service.close());

interface ListingBody {
  address: { line1: string } | null;
  location: { lat: number; lng: number } | null;
}
const exactLocation = { lat: 42.6526, lng: -73.7562 };
const readAs = async (user: TestUser) =>
  (await service.as(user).get<ListingBody>(`/v1/listings/${listingId}`)).body;

test('shows the address to the guest from the confirmation until a cancellation', async () => {
  const guest = aGuest();
  const booking = aBooking({ listingId, hostId: host.id, guestId: guest.id });
  expect((await readAs(guest)).address).toBeNull();
  await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false }, { times: 2 });
  expect(await readAs(guest)).toMatchObject({
    address: { line1: '12 Willett Street' },
    location: exactLocation,
  });
  expect((await readAs(aGuest())).address).toBeNull();
  await service.deliver('booking.checked-in', { ...booking, state: 'in_stay' });
  expect((await readAs(guest)).address).not.toBeNull();
  await service.deliver('booking.cancelled', {
    ...booking,
    state: 'cancelled',
    by: 'guest',
    refundMinor: 0,
    refundLines: [],
    hostPenaltyMinor: 0,
  });
  expect((await readAs(guest)).address).toBeNull();
});

test('shows a paused listing to a guest with a confirmed booking', async () => {
  const paused = await createPublished(service, host);
  const guest = aGuest();
  const booking = aBooking({ listingId: paused.id, hostId: host.id, guestId: guest.id });
  await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
  await service.as(host).post(`/v1/listings/${paused.id}/pause`);
  const res = await service.as(guest).get<ListingBody>(`/v1/listings/${paused.id}`);
  expect(res.status).toBe(200);
  expect(res.body.address).not.toBeNull();
});
