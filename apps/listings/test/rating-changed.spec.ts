import { type TestService, type TestUser, expectProblem } from '@roost/testing';
import { z } from 'zod';
import { SearchHit } from '../src/search/search.dto.js';
import { aHost, createCompleteDraft, createPublished, startListings } from './listings.fixture.js';

interface SearchPage {
  data: { id: string; rating: { mean: number; count: number } | null }[];
  nextCursor: string | null;
}

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

/** Delivers the rating that results from these single ratings. */
async function deliverRating(
  listingId: string,
  stars: number[],
  version: number,
  options: { times?: number } = {},
) {
  await service.deliver(
    'rating.changed',
    {
      listingId,
      count: stars.length,
      overallSum: stars.reduce((sum, each) => sum + each, 0),
      categorySums: {},
      histogram: [1, 2, 3, 4, 5].map((star) => stars.filter((each) => each === star).length),
    },
    { version, ...options },
  );
}

const search = async (query: string) => {
  const response = await service.anonymous.get<SearchPage>(`/v1/listings/search?${query}`);
  expect(response.status).toBe(200);
  z.array(SearchHit).parse(response.body.data);
  return response.body;
};
const hitOf = async (id: string) =>
  (await search(`hostId=${host.id}&limit=100`)).data.find((hit) => hit.id === id);
const read = (id: string, headers: Record<string, string> = {}) =>
  service.anonymous.get<{ rating: unknown }>(`/v1/listings/${id}`, headers);

describe('rating.changed', () => {
  test('shows the rating in search results and on the listing, and null without ratings', async () => {
    const { id } = await createPublished(service, host);
    expect((await hitOf(id))?.rating).toBeNull();
    expect((await read(id)).body.rating).toBeNull();
    await deliverRating(id, [5, 5, 4], 1, { times: 3 });
    expect((await hitOf(id))?.rating).toEqual({ mean: 4.67, count: 3 });
    expect((await read(id)).body.rating).toEqual({ mean: 4.67, count: 3 });
    await deliverRating(id, [], 2);
    expect((await hitOf(id))?.rating).toBeNull();
    expect((await read(id)).body.rating).toBeNull();
  });

  test('ignores an older version that arrives late', async () => {
    const { id } = await createPublished(service, host);
    await deliverRating(id, [5, 3], 7);
    await deliverRating(id, [5], 6);
    await deliverRating(id, [1], 7);
    expect((await read(id)).body.rating).toEqual({ mean: 4, count: 2 });
    expect((await hitOf(id))?.rating).toEqual({ mean: 4, count: 2 });
  });

  test('stores ratings of listings that are not published yet or paused', async () => {
    const { id } = await createCompleteDraft(service, host);
    await deliverRating(id, [2], 1);
    expect(await hitOf(id)).toBeUndefined();
    expect((await service.as(host).post(`/v1/listings/${id}/publish`)).status).toBe(200);
    expect((await hitOf(id))?.rating).toEqual({ mean: 2, count: 1 });
    expect((await service.as(host).post(`/v1/listings/${id}/pause`)).status).toBe(200);
    await deliverRating(id, [2, 4], 2);
    expect((await service.as(host).post(`/v1/listings/${id}/publish`)).status).toBe(200);
    expect((await hitOf(id))?.rating).toEqual({ mean: 3, count: 2 });
  });

  test('shows the newest rating in search when it arrives during a publication', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const { id } = await createCompleteDraft(service, host);
      await deliverRating(id, [1], 1);
      ids.push(id);
    }
    await Promise.all(
      ids.flatMap((id) => [
        service.as(host).post(`/v1/listings/${id}/publish`),
        deliverRating(id, [5, 5], 2),
      ]),
    );
    for (const id of ids) expect((await hitOf(id))?.rating).toEqual({ mean: 5, count: 2 });
  });

  test('changes the ETag of the listing, but not that of its prices', async () => {
    const { id } = await createPublished(service, host);
    const client = service.as(host);
    const before = (await client.get(`/v1/listings/${id}`)).headers.get('etag') ?? '';
    const prices = (await client.get(`/v1/listings/${id}/pricing`)).headers.get('etag') ?? '';
    expect((await client.get(`/v1/listings/${id}`, { 'if-none-match': before })).status).toBe(304);
    await deliverRating(id, [5], 1);
    const after = await client.get<{ rating: unknown }>(`/v1/listings/${id}`, { 'if-none-match': before });
    expect(after).toMatchObject({ status: 200, body: { rating: { mean: 5, count: 1 } } });
    const unchanged = await client.get(`/v1/listings/${id}/pricing`, { 'if-none-match': prices });
    expect(unchanged.status).toBe(304);
    const edit = { title: 'A loft over the same river' };
    const stale = await client.patch(`/v1/listings/${id}`, edit, { 'if-match': before });
    expectProblem(stale, 412, 'request.precondition_failed');
    const tag = after.headers.get('etag') ?? '';
    const edited = await client.patch(`/v1/listings/${id}`, edit, { 'if-match': tag });
    expect(edited).toMatchObject({ status: 200, body: { rating: { mean: 5, count: 1 } } });
  });
});

describe('minRating and sort=rating', () => {
  const names = new Map<string, string>();
  let other: TestUser;
  beforeAll(async () => {
    other = aHost();
    const places: [string, number[]][] = [
      ['none', []],
      ['poor', [1, 2]],
      ['4.35', [...Array<number>(7).fill(5), ...Array<number>(13).fill(4)]],
      ['nearly 4.5', [4, 5, 4, 5, 4]],
      ['4.5 by two', [4, 5]],
      ['4.5 by four', [4, 5, 4, 5]],
      ['perfect', [5]],
    ];
    for (const [name, stars] of places) {
      const { id } = await createPublished(service, other, { title: name });
      names.set(id, name);
      if (stars.length > 0) await deliverRating(id, stars, 1);
    }
  });
  const namesOf = async (query: string) =>
    (await search(`hostId=${other.id}&${query}`)).data.map(({ id }) => names.get(id));

  test('filters by the displayed mean', async () => {
    expect((await namesOf('minRating=4.35')).sort()).toEqual(
      ['4.35', '4.5 by two', '4.5 by four', 'perfect'].concat('nearly 4.5').sort(),
    );
    expect((await namesOf('minRating=4.36')).sort()).toEqual(
      ['4.5 by two', '4.5 by four', 'perfect', 'nearly 4.5'].sort(),
    );
    expect((await namesOf('minRating=4.5')).sort()).toEqual(['4.5 by two', '4.5 by four', 'perfect'].sort());
    expect(await namesOf('minRating=5')).toEqual(['perfect']);
    expect(await namesOf('minRating=1')).not.toContain('none');
  });

  test('orders by mean, then by number of ratings, with unrated listings last', async () => {
    expect(await namesOf('sort=rating')).toEqual([
      'perfect',
      '4.5 by four',
      '4.5 by two',
      'nearly 4.5',
      '4.35',
      'poor',
      'none',
    ]);
  });

  test('returns each listing once over all pages', async () => {
    const paged: (string | undefined)[] = [];
    let cursor: string | null = null;
    do {
      const page: SearchPage = await search(
        `hostId=${other.id}&sort=rating&limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      paged.push(...page.data.map(({ id }) => names.get(id)));
      cursor = page.nextCursor;
    } while (cursor);
    expect(paged).toEqual(await namesOf('sort=rating'));
  });

  test.each([
    ['minRating=0', 'minRating'],
    ['minRating=5.1', 'minRating'],
    ['minRating=best', 'minRating'],
    ['sort=-rating', 'sort'],
  ])('rejects %s', async (query, parameter) => {
    const response = await service.anonymous.get(`/v1/listings/search?${query}`);
    expectProblem(response, 400, 'request.invalid', parameter);
  });
});
