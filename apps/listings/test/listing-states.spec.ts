import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import {
  aGuest,
  aHost,
  anAdmin,
  createCompleteDraft,
  createDraft,
  createPublished,
  startListings,
} from './listings.fixture.js';

let service: TestService;
let host: TestUser;
let admin: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
  admin = anAdmin();
});
afterAll(() => service.close());

const act = (user: TestUser, id: string, action: string) =>
  service.as(user).post(`/v1/listings/${id}/${action}`);
const asAdmin = (user: TestUser, id: string, action: string) =>
  service.as(user).post(`/v1/admin/listings/${id}/${action}`);
const eventsOf = async (id: string) =>
  (
    await service.query<{ type: string; aggregate_version: string; status: string }>(
      `SELECT type, aggregate_version, body ->> 'status' AS status
         FROM outbox_event WHERE key = $1 ORDER BY xid, id`,
      [id],
    )
  ).map((row) => `${Number(row.aggregate_version)} ${row.type} ${row.status}`);
const isFound = async (id: string) => {
  const res = await service.anonymous.get<{ data: { id: string }[] }>(
    `/v1/listings/search?hostId=${host.id}&limit=100`,
  );
  return res.body.data.some((hit) => hit.id === id);
};

describe('200', () => {
  test('publishes one event per transition, and lists the listing in search only while it is published', async () => {
    const { id } = await createCompleteDraft(service, host);
    expect(await isFound(id)).toBe(false);
    const published = await act(host, id, 'publish');
    expect(published.status).toBe(200);
    expect(published.body).toMatchObject({ status: 'published', missing: [] });
    expect(await isFound(id)).toBe(true);
    expect((await act(host, id, 'pause')).body.status).toBe('paused');
    expect(await isFound(id)).toBe(false);
    expectProblem(await service.anonymous.get(`/v1/listings/${id}`), 404, 'listing.not_found');
    expect((await act(host, id, 'publish')).body.status).toBe('published');
    expect(await isFound(id)).toBe(true);
    expect((await act(host, id, 'archive')).body.status).toBe('archived');
    expect(await isFound(id)).toBe(false);
    expect(await eventsOf(id)).toEqual([
      '1 listing.created draft',
      '2 listing.changed draft',
      '3 listing.changed draft',
      '4 listing.published published',
      '5 listing.paused paused',
      '6 listing.published published',
      '7 listing.archived archived',
    ]);
  });

  test('publishes a snapshot with photos, prices and rules', async () => {
    const { id, photoId } = await createPublished(service, host);
    const snapshot = (await service.published('listing.published')).find((e) => e.listingId === id);
    expect(snapshot).toMatchObject({
      hostId: host.id,
      status: 'published',
      capacity: 4,
      pricing: { basePriceMinor: 12_000, cleaningFeeMinor: 4_000, taxes: [] },
      stayRules: { minNights: 1 },
    });
    expect(snapshot?.coverUrl).toContain(photoId);
  });
});

describe('204', () => {
  test('lets an administrator suspend and reinstate a published listing', async () => {
    const { id } = await createPublished(service, host);
    expect((await asAdmin(admin, id, 'suspend')).status).toBe(204);
    expect(await isFound(id)).toBe(false);
    expectProblem(await service.anonymous.get(`/v1/listings/${id}`), 404, 'listing.not_found');
    expect((await service.as(host).get(`/v1/listings/${id}`)).body.status).toBe('suspended');
    expectProblem(await act(host, id, 'publish'), 409, 'listing.wrong_state');
    expect((await asAdmin(admin, id, 'reinstate')).status).toBe(204);
    expect(await isFound(id)).toBe(true);
    expect((await eventsOf(id)).slice(-2)).toEqual([
      '5 listing.suspended suspended',
      '6 listing.reinstated published',
    ]);
  });

  test('reinstates a draft as a draft', async () => {
    const id = await createDraft(service, host);
    await asAdmin(admin, id, 'suspend');
    await asAdmin(admin, id, 'reinstate');
    expect((await service.as(host).get(`/v1/listings/${id}`)).body.status).toBe('draft');
  });
});

describe('401 and 403', () => {
  test('rejects anonymous requests', async () => {
    const { id } = await createPublished(service, host);
    for (const path of [`/v1/listings/${id}/pause`, `/v1/admin/listings/${id}/suspend`]) {
      expectProblem(await service.anonymous.post(path), 401, 'auth.missing_token');
    }
  });

  test('rejects suspension by hosts and guests', async () => {
    const { id } = await createPublished(service, host);
    for (const user of [host, aGuest()]) {
      expectProblem(await asAdmin(user, id, 'suspend'), 403, 'auth.forbidden');
      expectProblem(await asAdmin(user, id, 'reinstate'), 403, 'auth.forbidden');
    }
  });

  test.each(['pause', 'publish', 'archive'])(
    'rejects %s of a published listing of another host',
    async (action) => {
      const { id } = await createPublished(service, host);
      expectProblem(await act(aHost(), id, action), 403, 'listing.forbidden');
    },
  );
});

describe('404', () => {
  test.each(['pause', 'publish', 'archive'])('rejects %s of a draft of another host', async (action) => {
    const { id } = await createCompleteDraft(service, host);
    expectProblem(await act(aHost(), id, action), 404, 'listing.not_found');
    expect((await service.as(host).get(`/v1/listings/${id}`)).body.status).toBe('draft');
  });

  test('rejects an unknown listing', async () => {
    const unknownId = '01890a5d-ac96-774b-bcce-b302099a8057';
    expectProblem(await act(host, unknownId, 'publish'), 404, 'listing.not_found');
    expectProblem(await asAdmin(admin, unknownId, 'suspend'), 404, 'listing.not_found');
  });
});

describe('409', () => {
  test('lists every missing field when publishing an incomplete listing', async () => {
    const empty = await service.as(host).post<{ id: string }>('/v1/listings', {});
    const res = await act(host, empty.body.id, 'publish');
    expectProblem(res, 409, 'listing.incomplete');
    expect(res.body.missing).toEqual([
      '/title',
      '/description',
      '/address',
      '/location',
      '/timeZone',
      '/currency',
      '/capacity',
      '/cancellationPolicy',
      '/pricing/basePriceMinor',
      '/photos',
    ]);
    const noPhoto = await createDraft(service, host);
    await service.as(host).put(`/v1/listings/${noPhoto}/pricing`, { basePriceMinor: 100 });
    expect((await act(host, noPhoto, 'publish')).body.missing).toEqual(['/photos']);
    expect(await eventsOf(noPhoto)).not.toContainEqual(expect.stringContaining('published'));
  });

  test('rejects transitions that the status does not allow', async () => {
    const draft = (await createCompleteDraft(service, host)).id;
    expectProblem(await act(host, draft, 'pause'), 409, 'listing.wrong_state');
    expectProblem(await asAdmin(admin, draft, 'reinstate'), 409, 'listing.wrong_state');
    const { id } = await createPublished(service, host);
    expectProblem(await act(host, id, 'publish'), 409, 'listing.wrong_state');
    await act(host, id, 'archive');
    for (const action of ['publish', 'pause', 'archive']) {
      expectProblem(await act(host, id, action), 409, 'listing.wrong_state');
    }
    expectProblem(await asAdmin(admin, id, 'suspend'), 409, 'listing.wrong_state');
  });

  test('publishes one event for ten concurrent publications', async () => {
    const { id } = await createCompleteDraft(service, host);
    const answers = await Promise.all(Array.from({ length: 10 }, () => act(host, id, 'publish')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect((await eventsOf(id)).filter((line) => line.includes('listing.published'))).toHaveLength(1);
  });
});
