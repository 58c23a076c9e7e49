import type { TestService, TestUser } from '@roost/testing';
import { aBooking } from './bookings.js';
import { aGuest, aHost, givenPublished, startListings } from './given.js';

let service: TestService;
let host: TestUser;
let listingId: string;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
  listingId = (await givenPublished(service, host)).id;
});
afterAll(() => service.close());

interface Seen {
  address: { line1: string } | null;
  location: { lat: number; lng: number } | null;
}
const exact = { lat: 42.6526, lng: -73.7562 };
const seenBy = async (user: TestUser) => (await service.as(user).get<Seen>(`/v1/listings/${listingId}`)).body;

test('a guest sees the address from the confirmation on, and no longer after a cancellation', async () => {
  const guest = aGuest();
  const booking = aBooking({ listingId, hostId: host.id, guestId: guest.id });
  expect((await seenBy(guest)).address).toBeNull();
  await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false }, { times: 2 });
  expect(await seenBy(guest)).toMatchObject({ address: { line1: '12 Willett Street' }, location: exact });
  expect((await seenBy(aGuest())).address).toBeNull();
  await service.deliver('booking.checked-in', { ...booking, state: 'in_stay' });
  expect((await seenBy(guest)).address).not.toBeNull();
  await service.deliver('booking.cancelled', {
    ...booking,
    state: 'cancelled',
    by: 'guest',
    refundMinor: 0,
    refundLines: [],
    hostPenaltyMinor: 0,
  });
  expect((await seenBy(guest)).address).toBeNull();
});

test('a paused listing is there for the guest who is coming', async () => {
  const paused = await givenPublished(service, host);
  const guest = aGuest();
  const booking = aBooking({ listingId: paused.id, hostId: host.id, guestId: guest.id });
  await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
  await service.as(host).post(`/v1/listings/${paused.id}/pause`);
  const res = await service.as(guest).get<Seen>(`/v1/listings/${paused.id}`);
  expect(res.status).toBe(200);
  expect(res.body.address).not.toBeNull();
});
