import type { TestService } from '@roost/testing';
import { aHost, createPublished, startListings } from './listings.fixture.js';

/** docs/runbooks/rotate-location-secret.md */

const NEW_SECRET = 'the location secret after the rotation';

let service: TestService;
beforeEach(async () => {
  service = await startListings({ LOCATION_SECRET: 'the location secret before the rotation' });
});
afterEach(() => service.close());

/** Stops listings and starts it with the same data and the new secret. */
async function replaceSecret(): Promise<void> {
  const { DATABASE_URL = '' } = service.env;
  await service.close();
  service = await startListings({ DATABASE_URL, LOCATION_SECRET: NEW_SECRET });
}

interface Place {
  location: { lat: number; lng: number } | null;
  address: { line1: string } | null;
  approximateLocation: { lat: number; lng: number };
}

const publicPoint = async (id: string) =>
  (await service.anonymous.get<Place>(`/v1/listings/${id}`)).body.approximateLocation;
const pointsInSearch = async () => {
  const { body } = await service.anonymous.get<{ data: Pick<Place, 'approximateLocation'>[] }>(
    '/v1/listings/search?city=Albany',
  );
  return body.data.map(({ approximateLocation }) => approximateLocation);
};

test('a new secret leaves stored points, and the exact place stays readable', async () => {
  const host = aHost();
  const { id } = await createPublished(service, host);
  const before = await publicPoint(id);
  expect(await pointsInSearch()).toEqual([before]);
  await replaceSecret();
  expect(await publicPoint(id)).toEqual(before);
  expect(await pointsInSearch()).toEqual([before]);
  expect((await service.as(host).get<Place>(`/v1/listings/${id}`)).body).toMatchObject({
    address: { line1: '12 Willett Street' },
    location: { lat: 42.6526, lng: -73.7562 },
  });
});

test('a new secret moves the point of a listing whose place the host stores again, once', async () => {
  const host = aHost();
  const { id } = await createPublished(service, host);
  const before = await publicPoint(id);
  await replaceSecret();
  const edit = (changes: object) => service.as(host).patch(`/v1/listings/${id}`, changes);

  expect((await edit({ houseRules: 'No shoes.' })).status).toBe(200);
  expect(await publicPoint(id)).toEqual(before);

  const location = { lat: 42.6526, lng: -73.7562 };
  expect((await edit({ location })).status).toBe(200);
  const after = await publicPoint(id);
  expect(after).not.toEqual(before);
  expect(await pointsInSearch()).toEqual([after]);
  expect((await edit({ location })).status).toBe(200);
  expect(await publicPoint(id)).toEqual(after);
});

test('replicas with different secrets store different points for one place', async () => {
  const host = aHost();
  const first = await publicPoint((await createPublished(service, host)).id);
  await replaceSecret();
  expect(await publicPoint((await createPublished(service, host)).id)).not.toEqual(first);
});
