import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aGuest, aHost, createDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
let listingId: string;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
  listingId = (await createPublished(service, host)).id;
});
afterAll(() => service.close());

const create = (user: TestUser, name = 'Summer') =>
  service.as(user).post<{ id: string }>('/v1/wishlists', { name });
interface Wishlists {
  data: { id: string; name: string; listingIds: string[] }[];
  nextCursor: string | null;
}
const listOwn = async (user: TestUser, query = '') =>
  (await service.as(user).get<Wishlists>(`/v1/me/wishlists${query}`)).body;

describe('201, 200 and 204', () => {
  test('creates a wishlist, adds, reads and removes a listing', async () => {
    const guest = aGuest();
    const { status, body } = await create(guest);
    expect(status).toBe(201);
    const path = `/v1/wishlists/${body.id}/listings/${listingId}`;
    expect((await service.as(guest).put(path)).status).toBe(204);
    expect((await service.as(guest).put(path)).status).toBe(204);
    expect((await listOwn(guest)).data).toEqual([
      { id: body.id, name: 'Summer', listingIds: [listingId], createdAt: expect.any(String) as string },
    ]);
    expect((await service.as(guest).delete(path)).status).toBe(204);
    expect((await listOwn(guest)).data[0]?.listingIds).toEqual([]);
  });

  test('lists only the user’s own wishlists, newest first, page by page', async () => {
    const guest = aGuest();
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.unshift((await create(guest, `List ${i}`)).body.id);
    await create(aGuest());
    const first = await listOwn(guest, '?limit=2');
    const second = await listOwn(guest, `?limit=2&cursor=${first.nextCursor ?? ''}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
  });
});

describe('400', () => {
  test.each<[string, unknown, string]>([
    ['a missing name', {}, '/name'],
    ['an empty name', { name: ' ' }, '/name'],
    ['a name of 10,000 characters', { name: 'x'.repeat(10_000) }, '/name'],
    ['a NUL', { name: 'a\u0000' }, '/name'],
    ['another owner', { name: 'A', userId: '01890a5d-ac96-774b-bcce-b302099a8057' }, '/userId'],
  ])('rejects %s', async (_, body, pointer) => {
    expectProblem(await service.as(aGuest()).post('/v1/wishlists', body), 400, 'request.invalid', pointer);
  });
});

describe('401', () => {
  test('rejects anonymous requests', async () => {
    expectProblem(await service.anonymous.post('/v1/wishlists', { name: 'A' }), 401, 'auth.missing_token');
    expectProblem(await service.anonymous.get('/v1/me/wishlists'), 401, 'auth.missing_token');
  });
});

describe('404', () => {
  test('rejects a wishlist of another user', async () => {
    const owner = aGuest();
    const { body } = await create(owner);
    const path = `/v1/wishlists/${body.id}/listings/${listingId}`;
    expectProblem(await service.as(aGuest()).put(path), 404, 'wishlist.not_found');
    await service.as(owner).put(path);
    expectProblem(await service.as(aGuest()).delete(path), 404, 'wishlist.not_found');
    expect((await listOwn(owner)).data[0]?.listingIds).toEqual([listingId]);
  });

  test('rejects a draft of another host and an unknown listing', async () => {
    const guest = aGuest();
    const { body } = await create(guest);
    for (const id of [await createDraft(service, host), '01890a5d-ac96-774b-bcce-b302099a8057']) {
      const res = await service.as(guest).put(`/v1/wishlists/${body.id}/listings/${id}`);
      expectProblem(res, 404, 'listing.not_found');
    }
  });
});

describe('409', () => {
  test('limits the number of wishlists of a user', async () => {
    const guest = aGuest();
    await service.query(
      `INSERT INTO wishlist (id, user_id, name, created_at)
       SELECT uuidv7(), $1, 'List ' || n, now() FROM generate_series(1, 100) n`,
      [guest.id],
    );
    expectProblem(await create(guest), 409, 'wishlist.limit_reached');
  });
});
