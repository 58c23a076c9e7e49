import { expectProblem, golden, type TestService, type TestUser } from '@roost/testing';
import type { Place } from '../src/place/place.dto.js';
import { PlaceService } from '../src/place/place.service.js';
import { aHost, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;

const at = (city: string, countryCode: string, lat: number, lng: number) => ({
  address: { line1: '1 High Street', city, region: '', postalCode: '1000', countryCode },
  location: { lat, lng },
});

beforeAll(async () => {
  service = await startListings();
  host = aHost();
  for (const [city, countryCode, lat, lng] of [
    ['Lisbon', 'PT', 38.72, -9.14],
    ['Lisbon', 'PT', 38.74, -9.16],
    ['Lisburn', 'GB', 54.51, -6.04],
    ['Munich', 'DE', 48.14, 11.58],
    ['Prague', 'CZ', 50.08, 14.44],
    ['Saint-Rémy-de-Provence', 'FR', 43.79, 4.83],
  ] as const)
    await createPublished(service, host, at(city, countryCode, lat, lng));
  await service.get(PlaceService).sweep();
});
afterAll(() => service.close());

const places = async (q: string, rest = '') => {
  const { status, body } = await service.anonymous.get<{ data: Place[] }>(
    `/v1/places?q=${encodeURIComponent(q)}${rest}`,
  );
  expect(status).toBe(200);
  return body.data;
};
const names = async (q: string) => (await places(q)).map(({ name }) => name);

describe('200', () => {
  test.each([
    ['Lisboa', 'Lisbon'],
    ['ЛИССАБОН', 'Lisbon'],
    ['München', 'Munich'],
    ['Muenchen', 'Munich'],
    ['monaco di b', 'Munich'],
    ['Praha', 'Prague'],
    ['プラハ', 'Prague'],
    ['saint-remy', 'Saint-Rémy-de-Provence'],
  ])('finds by the beginning %s of a name in any language', async (q, name) => {
    expect(await names(q)).toEqual([name]);
  });

  test('lists the city with the most listings first, with their box', async () => {
    const [lisbon, lisburn, ...others] = await places('lisb');
    expect(others).toEqual([]);
    expect(lisbon).toMatchObject({ name: 'Lisbon', countryCode: 'PT', listings: 2 });
    expect(lisburn).toMatchObject({ name: 'Lisburn', countryCode: 'GB', listings: 1 });
    const { center, bbox } = lisbon!;
    expect(bbox.west).toBeLessThan(bbox.east);
    expect(bbox.south).toBeLessThan(bbox.north);
    expect(center.lat).toBeCloseTo((bbox.south + bbox.north) / 2);
    expect(center.lng).toBeCloseTo((bbox.west + bbox.east) / 2);
    // Approximate points, so not the exact ones.
    expect(bbox.south).toBeCloseTo(38.72, 1);
    expect(bbox.south).not.toBe(38.72);
    expect(await places('lisb', '&limit=1')).toEqual([lisbon]);
  });

  test('treats characters of patterns as text', async () => {
    for (const q of ['%', '_isbon', 'lis%', '\\', "' OR 1=1 --"]) expect(await names(q)).toEqual([]);
  });

  test('follows a listing that is paused and one that moves to another country', async () => {
    const paused = await createPublished(service, host, at('Valletta', 'MT', 35.9, 14.51));
    const moved = await createPublished(service, host, at('Valletta', 'MT', 35.8, 14.52));
    await service.get(PlaceService).sweep();
    expect(await places('vallet')).toMatchObject([{ listings: 2 }]);
    await service.as(host).post(`/v1/listings/${paused.id}/pause`, undefined);
    await service.as(host).patch(`/v1/listings/${moved.id}`, {
      address: at('Valletta', 'IT', 0, 0).address,
    });
    await service.get(PlaceService).sweep();
    const found = await places('vallet');
    // What a host wrote goes with the last listing.
    expect(await service.query("SELECT country_code FROM place WHERE city = 'valletta'")).toEqual([
      { country_code: 'IT' },
    ]);
    expect(found).toMatchObject([{ countryCode: 'IT', listings: 1 }]);
    expect(found[0]!.bbox).toEqual({
      west: found[0]!.center.lng,
      east: found[0]!.center.lng,
      south: found[0]!.center.lat,
      north: found[0]!.center.lat,
    });
  });

  test('does not count the listings of a suspended host', async () => {
    const other = aHost();
    await createPublished(service, other, at('Gozo', 'MT', 36.04, 14.24));
    await createPublished(service, host, at('Gozo', 'MT', 36.05, 14.25));
    await service.get(PlaceService).sweep();
    expect(await places('gozo')).toMatchObject([{ listings: 2 }]);
    for (const [status, version, listings] of [
      ['suspended', 2, 1],
      ['active', 3, 2],
    ] as const) {
      const account = { ...golden('user.suspended'), userId: other.id, status };
      await service.deliver(status === 'active' ? 'user.reinstated' : 'user.suspended', account, { version });
      await service.get(PlaceService).sweep();
      expect(await places('gozo')).toMatchObject([{ listings }]);
    }
  });

  test('counts the other cities while one fails', async () => {
    await service.query("ALTER TABLE place ADD CONSTRAINT broken CHECK (city <> 'broken')");
    await createPublished(service, host, at('Broken', 'US', 40, -70));
    await createPublished(service, host, at('Sliema', 'MT', 35.91, 14.5));
    await service.get(PlaceService).sweep();
    expect(await places('sliema')).toMatchObject([{ listings: 1 }]);
    expect(await names('broken')).toEqual([]);
    await service.query('ALTER TABLE place DROP CONSTRAINT broken');
    await service.query('UPDATE place_change SET due_at = now()');
    await service.get(PlaceService).sweep();
    expect(await places('broken')).toMatchObject([{ listings: 1 }]);
  });

  test('responds in GraphQL, too', async () => {
    const { data } = await service.anonymous.graphql(
      'query ($q: String!) { places(q: $q, first: 1) { name countryCode listings center { lat lng } bbox { west } } }',
      { q: 'Lisboa' },
    );
    expect(data).toMatchObject({ places: [{ name: 'Lisbon', listings: 2 }] });
  });
});

describe('400', () => {
  test.each([
    ['no text', ''],
    ['an empty text', '?q='],
    ['only spaces', '?q=%20%20'],
    ['10 kB', `?q=${'a'.repeat(10_000)}`],
    ['a control character', '?q=a%00b'],
    ['limit 21', '?q=a&limit=21'],
    ['an unknown parameter', '?q=a&x=1'],
  ])('rejects %s', async (_case, query) => {
    expectProblem(await service.anonymous.get(`/v1/places${query}`), 400, 'request.invalid');
  });
});
