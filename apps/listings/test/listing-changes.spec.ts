import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aGuest, aHost, anAdmin, createDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
const admin = anAdmin();
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

interface Changes {
  data: { version: number; by: string; actorId: string | null; action: string; fields: string[] }[];
  nextCursor: string | null;
}
const changes = async (user: TestUser, id: string, query = '') =>
  (await service.as(user).get<Changes>(`/v1/listings/${id}/changes${query}`)).body;
const summary = ({ data }: Changes) =>
  data.map(({ by, action, fields }) => `${by} ${action} ${fields.join()}`);

describe('200', () => {
  test('lists who changed which fields, newest first, page by page', async () => {
    const { id } = await createPublished(service, host);
    await service
      .as(host)
      .patch(`/v1/listings/${id}`, { title: 'A new name', location: { lat: 42.7, lng: -73.8 } });
    await service.as(host).patch(`/v1/listings/${id}`, { title: 'A new name' });
    await service.as(admin).post(`/v1/admin/listings/${id}/suspend`);
    const all = await changes(host, id);
    expect(summary(all)).toEqual([
      'admin suspended status',
      'host changed title,location',
      'host published status',
      'host changed photos',
      'host changed pricing',
      'host created ',
    ]);
    expect(all.data.map(({ version }) => version)).toEqual([6, 5, 4, 3, 2, 1]);
    const first = await changes(host, id, '?limit=4');
    const second = await changes(host, id, `?limit=4&cursor=${first.nextCursor ?? ''}`);
    expect([...first.data, ...second.data]).toEqual(all.data);
  });

  test('shows the administrator to administrators only', async () => {
    const { id } = await createPublished(service, host);
    await service.as(admin).post(`/v1/admin/listings/${id}/suspend`);
    expect((await changes(host, id)).data.slice(0, 2)).toMatchObject([
      { by: 'admin', actorId: null },
      { by: 'host', actorId: host.id },
    ]);
    expect((await changes(admin, id)).data[0]).toMatchObject({ by: 'admin', actorId: admin.id });
  });

  test('GraphQL has the same changes', async () => {
    const id = await createDraft(service, host);
    const query = '($id: ID!) { listingChanges(listingId: $id) { edges { node { by action fields } } } }';
    expect((await service.as(host).graphql(`query ${query}`, { id })).data).toEqual({
      listingChanges: { edges: [{ node: { by: 'host', action: 'created', fields: [] } }] },
    });
  });
});

describe('401, 403 and 404', () => {
  test('rejects everyone except the host and administrators', async () => {
    const { id } = await createPublished(service, host);
    const path = `/v1/listings/${id}/changes`;
    expectProblem(await service.anonymous.get(path), 401, 'auth.missing_token');
    expectProblem(await service.as(aGuest()).get(path), 403, 'auth.forbidden');
    expectProblem(await service.as(aHost()).get(path), 403, 'listing.forbidden');
    const unknown = '/v1/listings/01890a5d-ac96-774b-bcce-b302099a8057/changes';
    expectProblem(await service.as(admin).get(unknown), 404, 'listing.not_found');
  });
});
