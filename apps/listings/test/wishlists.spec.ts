import { expectProblem, golden, type TestService, type TestUser } from '@roost/testing';
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
      {
        ...{ id: body.id, name: 'Summer', listingIds: [listingId], shared: false },
        createdAt: expect.any(String) as string,
      },
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

interface Items {
  data: { listingId: string; listing: Record<string, unknown> | null }[];
  nextCursor: string | null;
}

const add = async (user: TestUser, id: string, listing: string) =>
  expect((await service.as(user).put(`/v1/wishlists/${id}/listings/${listing}`)).status).toBe(204);

describe('one wishlist', () => {
  test('is read, renamed with If-Match and deleted with its listings', async () => {
    const guest = aGuest();
    const { id } = (await create(guest)).body;
    await add(guest, id, listingId);
    const path = `/v1/wishlists/${id}`;
    const read = await service.as(guest).get(path);
    expect(read).toMatchObject({ status: 200, body: { id, name: 'Summer', listingIds: [listingId] } });
    const etag = read.headers.get('etag') ?? '';
    expect((await service.as(guest).get(path, { 'if-none-match': etag })).status).toBe(304);
    const renamed = await service.as(guest).patch(path, { name: 'Winter' }, { 'if-match': etag });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Winter', listingIds: [listingId] } });
    const stale = await service.as(guest).patch(path, { name: 'Spring' }, { 'if-match': etag });
    expectProblem(stale, 412, 'request.precondition_failed');
    expect((await listOwn(guest)).data[0]?.name).toBe('Winter');
    expect((await service.as(guest).delete(path)).status).toBe(204);
    expectProblem(await service.as(guest).get(path), 404, 'wishlist.not_found');
    expectProblem(await service.as(guest).delete(path), 404, 'wishlist.not_found');
  });

  test('lists its listings page by page, without the content of those that the user may not see', async () => {
    const guest = aGuest();
    const { id } = (await create(guest)).body;
    const paused = (await createPublished(service, host)).id;
    for (const listing of [paused, listingId]) await add(guest, id, listing);
    expect((await service.as(host).post(`/v1/listings/${paused}/pause`)).status).toBe(200);
    const path = `/v1/wishlists/${id}/listings?limit=1`;
    const first = (await service.as(guest).get<Items>(path)).body;
    expect(first.data).toEqual([{ listingId: paused, addedAt: expect.any(String) as string, listing: null }]);
    const second = (await service.as(guest).get<Items>(`${path}&cursor=${first.nextCursor ?? ''}`)).body;
    expect(second).toMatchObject({
      data: [{ listingId, listing: { id: listingId, address: null } }],
      nextCursor: null,
    });
  });

  test('is hidden from other users', async () => {
    const { id } = (await create(aGuest())).body;
    const other = service.as(aGuest());
    for (const response of [
      await other.get(`/v1/wishlists/${id}`),
      await other.get(`/v1/wishlists/${id}/listings`),
      await other.patch(`/v1/wishlists/${id}`, { name: 'Mine' }),
      await other.delete(`/v1/wishlists/${id}`),
      await other.post(`/v1/wishlists/${id}/share-url`),
      await other.delete(`/v1/wishlists/${id}/share-url`),
    ])
      expectProblem(response, 404, 'wishlist.not_found');
  });
});

describe('a share URL', () => {
  async function share(user: TestUser, id: string): Promise<string> {
    const shared = await service.as(user).post<{ url: string }>(`/v1/wishlists/${id}/share-url`);
    expect(shared.status).toBe(201);
    return new URL(shared.body.url).pathname;
  }

  test('shows name and listings without an account, not whose wishlist it is, until it is revoked', async () => {
    const guest = aGuest();
    const { id } = (await create(guest, 'Call +1 518 555 0123')).body;
    await add(guest, id, listingId);
    const path = await share(guest, id);
    const read = await service.anonymous.get(path);
    expect(read.headers.get('x-robots-tag')).toBe('noindex');
    expect(read.body).toEqual({
      ...{ name: 'Call [phone number hidden]', listingCount: 1 },
      createdAt: expect.any(String) as string,
    });
    const items = await service.anonymous.get<Items>(`${path}/listings`);
    expect(items.body.data).toMatchObject([{ listingId, listing: { address: null } }]);
    expect(JSON.stringify(items.body)).not.toContain(guest.id);
    expect((await service.as(guest).get(`/v1/wishlists/${id}`)).body).toMatchObject({ shared: true });
    const second = await share(guest, id);
    expectProblem(await service.anonymous.get(path), 404, 'wishlist.not_found');
    expect((await service.as(guest).delete(`/v1/wishlists/${id}/share-url`)).status).toBe(204);
    for (const gone of [second, `${second}/listings`])
      expectProblem(await service.anonymous.get(gone), 404, 'wishlist.not_found');
    expect((await service.as(guest).get(`/v1/wishlists/${id}`)).body).toMatchObject({ shared: false });
  });

  test('does not show listings that are not public', async () => {
    const host = aHost();
    const { id } = (await create(host)).body;
    await add(host, id, listingId);
    await add(host, id, await createDraft(service, host));
    const path = await share(host, id);
    expect((await service.anonymous.get(path)).body).toMatchObject({ listingCount: 1 });
    const items = await service.anonymous.get<Items>(`${path}/listings`);
    expect(items.body.data.map((item) => item.listingId)).toEqual([listingId]);
    expect(items.headers.get('cache-control')).toBe('private, no-cache');
  });

  test('is not stored, also with an Idempotency-Key', async () => {
    const guest = aGuest();
    const { id } = (await create(guest)).body;
    const key = { 'idempotency-key': 'share-1' };
    const path = `/v1/wishlists/${id}/share-url`;
    const first = await service.as(guest).post<{ url: string }>(path, undefined, key);
    const again = await service.as(guest).post<{ url: string }>(path, undefined, key);
    expect(again.body).toEqual(first.body);
    const token = first.body.url.split('/').at(-1) ?? '';
    expect(await service.tablesWith(token)).toEqual([]);
  });

  test('does not show the wishlist of a suspended user', async () => {
    const guest = aGuest();
    const { id } = (await create(guest)).body;
    const path = await share(guest, id);
    const event = { ...golden('user.suspended'), userId: guest.id };
    await service.deliver('user.suspended', event, { version: 2 });
    expectProblem(await service.anonymous.get(path), 404, 'wishlist.not_found');
  });
});

test('GraphQL has the same operations', async () => {
  const guest = aGuest();
  const run = async (operation: string) => {
    const { data, errors } = await service
      .as(guest)
      .graphql<Record<string, Record<string, unknown>>>(operation);
    expect(errors).toEqual([]);
    return data ?? {};
  };
  const made = await run('mutation { createWishlist(input: { name: "Summer" }) { id } }');
  const id = String(made.createWishlist?.id);
  await run(`mutation { addToWishlist(id: "${id}", listingId: "${listingId}") { id } }`);
  const read = await run(
    `{ wishlist(id: "${id}") { name listings { edges { node { listingId listing { title } } } } } }`,
  );
  expect(read.wishlist).toEqual({
    name: 'Summer',
    listings: { edges: [{ node: { listingId, listing: { title: 'A loft over the river' } } }] },
  });
  expect(await run('{ wishlists { edges { node { id } } } }')).toEqual({
    wishlists: { edges: [{ node: { id } }] },
  });
  const shared = await run(`mutation { createWishlistShareUrl(id: "${id}") { url } }`);
  const token = String(shared.createWishlistShareUrl?.url).split('/').at(-1);
  const open = `{ sharedWishlist(token: "${token}") { name listingCount }
    sharedWishlistListings(token: "${token}") { edges { node { listingId } } } }`;
  expect((await service.anonymous.graphql(open)).data).toEqual({
    sharedWishlist: { name: 'Summer', listingCount: 1 },
    sharedWishlistListings: { edges: [{ node: { listingId } }] },
  });
  expect(await run(`mutation { revokeWishlistShareUrl(id: "${id}") { shared } }`)).toEqual({
    revokeWishlistShareUrl: { shared: false },
  });
  expect(await run(`mutation { editWishlist(id: "${id}", input: { name: "Winter" }) { name } }`)).toEqual({
    editWishlist: { name: 'Winter' },
  });
  const removed = `mutation { removeFromWishlist(id: "${id}", listingId: "${listingId}") { listingIds } }`;
  expect(await run(removed)).toEqual({ removeFromWishlist: { listingIds: [] } });
  expect(await run(`mutation { deleteWishlist(id: "${id}") { id } }`)).toEqual({ deleteWishlist: { id } });
  expect(await run('{ wishlists { edges { node { id } } } }')).toEqual({ wishlists: { edges: [] } });
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
  test('limits the number of wishlists also under concurrent requests', async () => {
    const guest = aGuest();
    await service.query(
      `INSERT INTO wishlist (id, user_id, name, created_at)
       SELECT uuidv7(), $1, 'List ' || n, now() FROM generate_series(1, 98) n`,
      [guest.id],
    );
    const responses = await Promise.all(Array.from({ length: 8 }, () => create(guest)));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, 201, ...Array<number>(6).fill(409)]);
  });

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
