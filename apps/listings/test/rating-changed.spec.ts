import { type TestService, type TestUser, expectProblem } from '@roost/testing';
import { z } from 'zod';
import { SearchHit } from '../src/search/search.dto.js';
import { aHost, givenComplete, givenPublished, startListings } from './given.js';

interface Hits {
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

/** `stars` as given, one by one. */
async function rated(listingId: string, stars: number[], version: number, options: { times?: number } = {}) {
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
  const answer = await service.anonymous.get<Hits>(`/v1/listings/search?${query}`);
  expect(answer.status).toBe(200);
  z.array(SearchHit).parse(answer.body.data);
  return answer.body;
};
const hitOf = async (id: string) =>
  (await search(`hostId=${host.id}&limit=100`)).data.find((hit) => hit.id === id);
const read = (id: string, headers: Record<string, string> = {}) =>
  service.anonymous.get<{ rating: unknown }>(`/v1/listings/${id}`, headers);

describe('rating.changed', () => {
  test('shows on hits and on the listing; without ratings there is none', async () => {
    const { id } = await givenPublished(service, host);
    expect((await hitOf(id))?.rating).toBeNull();
    expect((await read(id)).body.rating).toBeNull();
    await rated(id, [5, 5, 4], 1, { times: 3 });
    expect((await hitOf(id))?.rating).toEqual({ mean: 4.67, count: 3 });
    expect((await read(id)).body.rating).toEqual({ mean: 4.67, count: 3 });
    await rated(id, [], 2);
    expect((await hitOf(id))?.rating).toBeNull();
    expect((await read(id)).body.rating).toBeNull();
  });

  test('an older one that comes late changes nothing', async () => {
    const { id } = await givenPublished(service, host);
    await rated(id, [5, 3], 7);
    await rated(id, [5], 6);
    await rated(id, [1], 7);
    expect((await read(id)).body.rating).toEqual({ mean: 4, count: 2 });
    expect((await hitOf(id))?.rating).toEqual({ mean: 4, count: 2 });
  });

  test('before the listing is published, and over a pause', async () => {
    const { id } = await givenComplete(service, host);
    await rated(id, [2], 1);
    expect(await hitOf(id)).toBeUndefined();
    expect((await service.as(host).post(`/v1/listings/${id}/publish`)).status).toBe(200);
    expect((await hitOf(id))?.rating).toEqual({ mean: 2, count: 1 });
    expect((await service.as(host).post(`/v1/listings/${id}/pause`)).status).toBe(200);
    await rated(id, [2, 4], 2);
    expect((await service.as(host).post(`/v1/listings/${id}/publish`)).status).toBe(200);
    expect((await hitOf(id))?.rating).toEqual({ mean: 3, count: 2 });
  });

  test('at the very moment of a publication: search has the newest, always', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const { id } = await givenComplete(service, host);
      await rated(id, [1], 1);
      ids.push(id);
    }
    await Promise.all(
      ids.flatMap((id) => [service.as(host).post(`/v1/listings/${id}/publish`), rated(id, [5, 5], 2)]),
    );
    for (const id of ids) expect((await hitOf(id))?.rating).toEqual({ mean: 5, count: 2 });
  });

  test('the listing’s ETag follows it; that of the prices does not', async () => {
    const { id } = await givenPublished(service, host);
    const mine = service.as(host);
    const before = (await mine.get(`/v1/listings/${id}`)).headers.get('etag') ?? '';
    const prices = (await mine.get(`/v1/listings/${id}/pricing`)).headers.get('etag') ?? '';
    expect((await mine.get(`/v1/listings/${id}`, { 'if-none-match': before })).status).toBe(304);
    await rated(id, [5], 1);
    const after = await mine.get<{ rating: unknown }>(`/v1/listings/${id}`, { 'if-none-match': before });
    expect(after).toMatchObject({ status: 200, body: { rating: { mean: 5, count: 1 } } });
    const unchanged = await mine.get(`/v1/listings/${id}/pricing`, { 'if-none-match': prices });
    expect(unchanged.status).toBe(304);
    const edit = { title: 'A loft over the same river' };
    const stale = await mine.patch(`/v1/listings/${id}`, edit, { 'if-match': before });
    expectProblem(stale, 412, 'request.precondition_failed');
    const tag = after.headers.get('etag') ?? '';
    const edited = await mine.patch(`/v1/listings/${id}`, edit, { 'if-match': tag });
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
      const { id } = await givenPublished(service, other, { title: name });
      names.set(id, name);
      if (stars.length > 0) await rated(id, stars, 1);
    }
  });
  const found = async (query: string) =>
    (await search(`hostId=${other.id}&${query}`)).data.map(({ id }) => names.get(id));

  test('as shown: 4.35 is 4.35', async () => {
    expect((await found('minRating=4.35')).sort()).toEqual(
      ['4.35', '4.5 by two', '4.5 by four', 'perfect'].concat('nearly 4.5').sort(),
    );
    expect((await found('minRating=4.36')).sort()).toEqual(
      ['4.5 by two', '4.5 by four', 'perfect', 'nearly 4.5'].sort(),
    );
    expect((await found('minRating=4.5')).sort()).toEqual(['4.5 by two', '4.5 by four', 'perfect'].sort());
    expect(await found('minRating=5')).toEqual(['perfect']);
    expect(await found('minRating=1')).not.toContain('none');
  });

  test('the best first; of equals the one that more have rated; the unrated last', async () => {
    expect(await found('sort=rating')).toEqual([
      'perfect',
      '4.5 by four',
      '4.5 by two',
      'nearly 4.5',
      '4.35',
      'poor',
      'none',
    ]);
  });

  test('page by page, without gap or repetition', async () => {
    const seen: (string | undefined)[] = [];
    let cursor: string | null = null;
    do {
      const page: Hits = await search(
        `hostId=${other.id}&sort=rating&limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...page.data.map(({ id }) => names.get(id)));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(await found('sort=rating'));
  });

  test.each([
    ['minRating=0', 'minRating'],
    ['minRating=5.1', 'minRating'],
    ['minRating=best', 'minRating'],
    ['sort=-rating', 'sort'],
  ])('400: %s', async (query, parameter) => {
    const answer = await service.anonymous.get(`/v1/listings/search?${query}`);
    expectProblem(answer, 400, 'request.invalid', parameter);
  });
});
