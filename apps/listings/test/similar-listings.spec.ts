import { expectProblem, golden, type TestService, type TestUser } from '@roost/testing';
import { aHost, createDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
let listingId: string;
/** The ids by what distinguishes the listings from the first one. */
const ids = new Map<string, string>();
const suspendedHost = aHost();

beforeAll(async () => {
  service = await startListings();
  host = aHost();
  listingId = (await createPublished(service, host)).id;
  const create = async (name: string, other = {}, basePriceMinor = 12_000, by = host) =>
    ids.set(name, (await createPublished(service, by, other, { pricing: { basePriceMinor } })).id);
  await create('another room type', { roomType: 'private_room' });
  await create('a higher price', {}, 20_000);
  await create('more guests', { capacity: 5 });
  await create('three times the price', {}, 36_000);
  await create('many more guests', { capacity: 9 });
  await create('another currency', { currency: 'EUR' });
  await create('another city', { location: { lat: 43.6, lng: -73.75 } });
  await create('of a suspended host', {}, 12_000, suspendedHost);
  const event = { ...golden('user.suspended'), userId: suspendedHost.id };
  await service.deliver('user.suspended', event, { version: 2 });
});
afterAll(() => service.close());

const similar = (id = listingId, query = '') =>
  service.anonymous.get<{ data: { id: string; address: unknown; location: unknown }[] }>(
    `/v1/listings/${id}/similar${query}`,
  );
const expected = () => ['more guests', 'a higher price', 'another room type'].map((name) => ids.get(name));

describe('200', () => {
  test('lists similar listings in the area, the most similar first, without exact locations', async () => {
    const { body } = await similar();
    expect(body.data.map(({ id }) => id)).toEqual(expected());
    for (const hit of body.data) expect(hit).toMatchObject({ address: null, location: null });
    // The host sees no more than everyone else.
    const own = await service.as(host).get(`/v1/listings/${listingId}/similar`);
    expect(own.body).toEqual(body);
  });

  test('returns at most the requested number, also in GraphQL', async () => {
    expect((await similar(listingId, '?limit=1')).body.data.map(({ id }) => id)).toEqual(
      expected().slice(0, 1),
    );
    const { data } = await service.anonymous.graphql(
      'query ($id: ID!) { similarListings(id: $id, first: 2) { id } }',
      { id: listingId },
    );
    expect(data).toEqual({
      similarListings: expected()
        .slice(0, 2)
        .map((id) => ({ id })),
    });
  });
});

describe('400 and 404', () => {
  test.each(['0', '21', 'x'])('rejects the limit %s', async (limit) => {
    expectProblem(await similar(listingId, `?limit=${limit}`), 400, 'request.invalid');
  });

  test('rejects a draft and a listing of a suspended host', async () => {
    for (const id of [await createDraft(service, host), ids.get('of a suspended host')])
      expectProblem(await similar(id), 404, 'listing.not_found');
  });
});
