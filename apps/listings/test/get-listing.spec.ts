import { testUser, eventually, expectProblem, type TestService, type TestUser } from '@roost/testing';
import { ListingView } from '../src/listing/listing.dto.js';
import { aGuest, aHost, anAdmin, createDraft, createPublished, startListings } from './listings.fixture.js';
import { aBooking } from './booking.fixture.js';

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
  approximateLocation: { lat: number; lng: number };
  missing?: string[];
  photos: { variants: { width: number }[] }[];
}

const exactLocation = { lat: 42.6526, lng: -73.7562 };
const readAs = async (user: TestUser | null) =>
  (await (user ? service.as(user) : service.anonymous).get<ListingBody>(`/v1/listings/${listingId}`)).body;

/** A second implementation of haversine, independent of the code under test. */
function kilometres(a: { lat: number; lng: number }, b: { lat: number; lng: number }): number {
  const rad = Math.PI / 180;
  const h =
    (1 - Math.cos((b.lat - a.lat) * rad)) / 2 +
    (Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * (1 - Math.cos((b.lng - a.lng) * rad))) / 2;
  return 12742 * Math.asin(Math.sqrt(h));
}

describe('200', () => {
  test('shows the address and the missing fields to the host', async () => {
    expect(await readAs(host)).toMatchObject({
      address: { line1: '12 Willett Street' },
      location: exactLocation,
      missing: [],
    });
  });

  test('shows the address to administrators', async () => {
    expect(await readAs(anAdmin())).toMatchObject({
      address: { line1: '12 Willett Street' },
      location: exactLocation,
    });
  });

  test.each<[string, () => TestUser | null]>([
    ['anonymous users', () => null],
    ['guests', aGuest],
    ['other hosts', aHost],
  ])('shows the city and a point up to 1 km away to %s', async (_, createUser) => {
    const user = createUser();
    const res = await (user ? service.as(user) : service.anonymous).get<ListingBody>(
      `/v1/listings/${listingId}`,
    );
    expect(ListingView.parse(res.body)).toEqual(res.body);
    expect(res.body).toMatchObject({ city: 'Albany', countryCode: 'US', address: null, location: null });
    expect(JSON.stringify(res.body)).not.toMatch(/Willett|12210|42\.6526|73\.7562/);
    expect(res.body.missing).toBeUndefined();
    const distance = kilometres(exactLocation, res.body.approximateLocation);
    expect(distance).toBeLessThanOrEqual(1);
    expect(distance).toBeGreaterThan(0);
  });

  test('returns the same displaced point in every response and for every listing at the same place', async () => {
    const room = await createPublished(service, host, { title: 'A room', roomType: 'private_room' });
    const points = [
      (await readAs(null)).approximateLocation,
      (await readAs(aGuest())).approximateLocation,
      (await service.anonymous.get<ListingBody>(`/v1/listings/${room.id}`)).body.approximateLocation,
    ];
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(1);
  });

  test('returns another displaced point under another secret', async () => {
    const other = await startListings({ LOCATION_SECRET: 'another secret of thirty-two letters' });
    try {
      const listing = await createPublished(other, host);
      const response = await other.anonymous.get<ListingBody>(`/v1/listings/${listing.id}`);
      expect(response.body.approximateLocation).not.toEqual((await readAs(null)).approximateLocation);
    } finally {
      await other.close();
    }
  });
});

describe('304', () => {
  test('responds with 304 for the ETag of this viewer until the listing changes', async () => {
    const guest = aGuest();
    const path = `/v1/listings/${listingId}`;
    // The ETag changes when the variants of the photo are rendered.
    await eventually(async () =>
      expect(await readAs(guest)).toMatchObject({ photos: [{ variants: [{ width: 64 }] }] }),
    );
    const etag = (await service.as(guest).get(path)).headers.get('etag') ?? '';
    expect((await service.as(guest).get(path, { 'if-none-match': etag })).status).toBe(304);
    expect((await service.as(host).get(path, { 'if-none-match': etag })).status).toBe(200);
    const edited = await service.as(host).patch(path, { houseRules: 'No shoes.' });
    expect(edited.status).toBe(200);
    expect((await service.as(guest).get(path, { 'if-none-match': etag })).status).toBe(200);
  });

  test('changes the ETag of a guest when a confirmed booking reveals the address', async () => {
    const guest = aGuest();
    const path = `/v1/listings/${listingId}`;
    const etag = (await service.as(guest).get(path)).headers.get('etag') ?? '';
    const booking = aBooking({ listingId, hostId: host.id, guestId: guest.id });
    await service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
    const res = await service.as(guest).get<ListingBody>(path, { 'if-none-match': etag });
    expect(res.status).toBe(200);
    expect(res.body.address).not.toBeNull();
  });
});

describe('400', () => {
  test.each(['1', 'null', '%00', '01890a5d-ac96-774b-bcce-b302099a805z', "' OR 1=1"])(
    'rejects the id %p',
    async (id) => {
      const res = await service.anonymous.get(`/v1/listings/${encodeURI(id)}`);
      expectProblem(res, 400, 'request.invalid', 'id');
    },
  );
});

describe('401', () => {
  test('rejects an invalid token', async () => {
    const res = await service.as({ ...aGuest(), token: 'not.a.token' }).get(`/v1/listings/${listingId}`);
    expectProblem(res, 401, 'auth.invalid_token');
  });
});

describe('404', () => {
  test('rejects an unknown listing', async () => {
    const res = await service.anonymous.get('/v1/listings/01890a5d-ac96-774b-bcce-b302099a8057');
    expectProblem(res, 404, 'listing.not_found');
  });

  test('hides a draft from everyone except the host and administrators', async () => {
    const draft = await createDraft(service, host);
    for (const user of [aGuest(), aHost(), testUser({ roles: ['guest', 'host'] })]) {
      expectProblem(await service.as(user).get(`/v1/listings/${draft}`), 404, 'listing.not_found');
    }
    expectProblem(await service.anonymous.get(`/v1/listings/${draft}`), 404, 'listing.not_found');
    expect((await service.as(anAdmin()).get(`/v1/listings/${draft}`)).status).toBe(200);
  });
});
