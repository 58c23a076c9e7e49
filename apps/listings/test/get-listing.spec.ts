import { aUser, expectProblem, type TestService, type TestUser } from '@roost/testing';
import { ListingView } from '../src/listing/listing.dto.js';
import { aGuest, aHost, anAdmin, givenDraft, givenPublished, startListings } from './given.js';
import { aBooking } from './bookings.js';

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
  approximateLocation: { lat: number; lng: number };
  missing?: string[];
}

const exact = { lat: 42.6526, lng: -73.7562 };
const seenBy = async (user: TestUser | null) =>
  (await (user ? service.as(user) : service.anonymous).get<Seen>(`/v1/listings/${listingId}`)).body;

/** Haversine, on its own: the code under test has another. */
function kilometres(a: { lat: number; lng: number }, b: { lat: number; lng: number }): number {
  const rad = Math.PI / 180;
  const h =
    (1 - Math.cos((b.lat - a.lat) * rad)) / 2 +
    (Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * (1 - Math.cos((b.lng - a.lng) * rad))) / 2;
  return 12742 * Math.asin(Math.sqrt(h));
}

describe('200', () => {
  test('the host sees the address, and what is missing', async () => {
    expect(await seenBy(host)).toMatchObject({
      address: { line1: '12 Willett Street' },
      location: exact,
      missing: [],
    });
  });

  test('an admin sees the address', async () => {
    expect(await seenBy(anAdmin())).toMatchObject({
      address: { line1: '12 Willett Street' },
      location: exact,
    });
  });

  test.each<[string, () => TestUser | null]>([
    ['nobody', () => null],
    ['a guest', aGuest],
    ['another host', aHost],
  ])('%s sees the city and a point up to 1 km away', async (_, who) => {
    const user = who();
    const res = await (user ? service.as(user) : service.anonymous).get<Seen>(`/v1/listings/${listingId}`);
    expect(ListingView.parse(res.body)).toEqual(res.body);
    expect(res.body).toMatchObject({ city: 'Albany', countryCode: 'US', address: null, location: null });
    expect(JSON.stringify(res.body)).not.toMatch(/Willett|12210|42\.6526|73\.7562/);
    expect(res.body.missing).toBeUndefined();
    const distance = kilometres(exact, res.body.approximateLocation);
    expect(distance).toBeLessThanOrEqual(1);
    expect(distance).toBeGreaterThan(0);
  });

  test('the displaced point stays the same, and is that of every room at the same door', async () => {
    const room = await givenPublished(service, host, { title: 'A room', roomType: 'private_room' });
    const points = [
      (await seenBy(null)).approximateLocation,
      (await seenBy(aGuest())).approximateLocation,
      (await service.anonymous.get<Seen>(`/v1/listings/${room.id}`)).body.approximateLocation,
    ];
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(1);
  });

  test('another secret, another point', async () => {
    const other = await startListings({ LOCATION_SECRET: 'another secret of thirty-two letters' });
    try {
      const there = await givenPublished(other, host);
      const seen = await other.anonymous.get<Seen>(`/v1/listings/${there.id}`);
      expect(seen.body.approximateLocation).not.toEqual((await seenBy(null)).approximateLocation);
    } finally {
      await other.close();
    }
  });
});

describe('304', () => {
  test('the ETag of this viewer, until the listing changes', async () => {
    const guest = aGuest();
    const path = `/v1/listings/${listingId}`;
    const etag = (await service.as(guest).get(path)).headers.get('etag') ?? '';
    expect((await service.as(guest).get(path, { 'if-none-match': etag })).status).toBe(304);
    expect((await service.as(host).get(path, { 'if-none-match': etag })).status).toBe(200);
    const edited = await service.as(host).patch(path, { houseRules: 'No shoes.' });
    expect(edited.status).toBe(200);
    expect((await service.as(guest).get(path, { 'if-none-match': etag })).status).toBe(200);
  });

  test('a confirmation changes the ETag of the guest, who now sees more', async () => {
    const guest = aGuest();
    const path = `/v1/listings/${listingId}`;
    const etag = (await service.as(guest).get(path)).headers.get('etag') ?? '';
    const booking = aBooking({ listingId, hostId: host.id, guestId: guest.id });
    await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
    const res = await service.as(guest).get<Seen>(path, { 'if-none-match': etag });
    expect(res.status).toBe(200);
    expect(res.body.address).not.toBeNull();
  });
});

describe('400', () => {
  test.each(['1', 'null', '%00', '01890a5d-ac96-774b-bcce-b302099a805z', "' OR 1=1"])(
    'the id %p',
    async (id) => {
      const res = await service.anonymous.get(`/v1/listings/${encodeURI(id)}`);
      expectProblem(res, 400, 'request.invalid', 'id');
    },
  );
});

describe('401', () => {
  test('a token that has expired', async () => {
    const res = await service.as({ ...aGuest(), token: 'not.a.token' }).get(`/v1/listings/${listingId}`);
    expectProblem(res, 401, 'auth.invalid_token');
  });
});

describe('404', () => {
  test('an unknown listing', async () => {
    const res = await service.anonymous.get('/v1/listings/01890a5d-ac96-774b-bcce-b302099a8057');
    expectProblem(res, 404, 'listing.not_found');
  });

  test('a draft of somebody else', async () => {
    const draft = await givenDraft(service, host);
    for (const stranger of [aGuest(), aHost(), aUser({ roles: ['guest', 'host'] })]) {
      expectProblem(await service.as(stranger).get(`/v1/listings/${draft}`), 404, 'listing.not_found');
    }
    expectProblem(await service.anonymous.get(`/v1/listings/${draft}`), 404, 'listing.not_found');
    expect((await service.as(anAdmin()).get(`/v1/listings/${draft}`)).status).toBe(200);
  });
});
