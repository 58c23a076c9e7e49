import {
  atPoint,
  type Catalog,
  createCatalog,
  inCity,
  type SearchHitBody,
  type SearchPageBody,
  titlesOf,
} from './search.fixture.js';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await createCatalog();
});
afterAll(() => catalog.service.close());

describe('200: order', () => {
  test('orders by ascending and descending price', async () => {
    const prices = (hits: SearchHitBody[]) => hits.map(({ nightlyMinor }) => nightlyMinor);
    expect(prices((await catalog.search('bbox=-75,42,-73,43&sort=price')).data)).toEqual([
      4_000, 12_000, 45_000,
    ]);
    expect(prices((await catalog.search('bbox=-75,42,-73,43&sort=-price')).data)).toEqual([
      45_000, 12_000, 4_000,
    ]);
    expect(prices((await catalog.search('city=albany&sort=price')).data)).toEqual([4_000, 12_000]);
  });

  test('orders by full-text rank', async () => {
    await catalog.publish('roses', {
      ...atPoint(5, 5),
      ...inCity('Akure', 'NG'),
      description: 'Nothing about it.',
    });
    const hits = (await catalog.search('q=roses')).data;
    expect(titlesOf(hits)).toEqual(['roses', 'house']);
  });

  test.each([
    'sort=relevance',
    'sort=price',
    'sort=-price',
    'near=42.7,-73.8&sort=distance',
    'q=wifi or market',
  ])('returns each listing once, in one order, over all pages with %s', async (query) => {
    const place = query.includes('near=') ? 'radiusKm=100' : 'bbox=-180,-90,180,90';
    const onOnePage = (await catalog.search(`${place}&${query}`)).data.map(({ id }) => id);
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/listings/search?${place}&${query}&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`;
      const res = await catalog.service.anonymous.get<SearchPageBody>(path);
      expect(res.status).toBe(200);
      expect(res.body.data.length).toBeLessThanOrEqual(2);
      paged.push(...res.body.data.map(({ id }) => id));
      cursor = res.body.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(onOnePage);
    expect(new Set(paged).size).toBe(paged.length);
    expect(paged.length).toBeGreaterThan(2);
  });
});
