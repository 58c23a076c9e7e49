import { expectProblem, type TestService } from '@roost/testing';
import { aHost, createDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

interface OwnListings {
  data: { id: string; missing?: string[] }[];
  nextCursor: string | null;
}

describe('200', () => {
  test('lists only the host’s own listings, newest first, page by page', async () => {
    const host = aHost();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.unshift(await createDraft(service, host, { title: `Number ${i}` }));
    await createDraft(service, aHost());
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/me/listings?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page = await service.as(host).get<OwnListings>(path);
      expect(page.status).toBe(200);
      expect(page.body.data.length).toBeLessThanOrEqual(2);
      paged.push(...page.body.data.map(({ id }) => id));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(ids);
  });

  test('filters by status', async () => {
    const host = aHost();
    await createDraft(service, host);
    const published = await createPublished(service, host);
    const page = await service.as(host).get<OwnListings>('/v1/me/listings?status=published');
    expect(page.body.data.map(({ id }) => id)).toEqual([published.id]);
    expect(page.body.data[0]?.missing).toEqual([]);
  });

  test('returns an empty page to a host without listings', async () => {
    const page = await service.as(aHost()).get<OwnListings>('/v1/me/listings');
    expect(page.body).toEqual({ data: [], nextCursor: null });
  });
});

describe('400', () => {
  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1e1', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['cursor=eyJpZCI6MX0', 'cursor'],
    ['status=deleted', 'status'],
    ['hostId=01890a5d-ac96-774b-bcce-b302099a8057', 'hostId'],
  ])('rejects %s', async (query, parameter) => {
    const res = await service.as(aHost()).get(`/v1/me/listings?${query}`);
    expectProblem(res, 400, 'request.invalid', parameter);
  });
});

describe('401', () => {
  test('rejects anonymous requests', async () => {
    expectProblem(await service.anonymous.get('/v1/me/listings'), 401, 'auth.missing_token');
  });
});
