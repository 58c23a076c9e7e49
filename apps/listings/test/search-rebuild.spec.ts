import { Transactions } from '@roost/messaging';
import { eventually, type TestService, type TestUser } from '@roost/testing';
import pg from 'pg';
import {
  rebuildSearchIndex,
  type SearchRebuild,
  searchIndexStatus,
} from '../src/search-index/search-rebuild.js';
import { aHost, createPublished, startListings } from './listings.fixture.js';

const LISTINGS = 7;

let service: TestService;
let host: TestUser;
let ids: string[];
beforeAll(async () => {
  service = await startListings();
  host = aHost();
  ids = [];
  for (let n = 0; n < LISTINGS; n += 1)
    ids.push((await createPublished(service, host, { title: `n${n}` })).id);
}, 60_000);
afterAll(() => service.close());

const begin = (options: { restart?: boolean; batchSize?: number }) =>
  rebuildSearchIndex(service.get(Transactions), options);

async function rebuild(options: { restart?: boolean; batchSize?: number } = {}): Promise<SearchRebuild[]> {
  return Array.fromAsync(begin(options));
}

const status = () => searchIndexStatus(service.get(Transactions));
const rows = () =>
  service.query<{ row: string; xmin: string }>(
    'SELECT s::text AS row, xmin::text FROM listing_search s ORDER BY key',
  );
const found = async () => {
  const response = await service.anonymous.get<{ data: { id: string }[] }>(
    `/v1/listings/search?hostId=${host.id}&limit=100`,
  );
  expect(response.status).toBe(200);
  return response.body.data.map(({ id }) => id).sort();
};
/** The published listings whose search row is missing or differs from the listing, and the rows without one. */
const differences = () =>
  service.query(`
    SELECT l.id, l.status FROM listing l
      LEFT JOIN listing_search s ON s.listing_id = l.id LEFT JOIN listing_rating r ON r.listing_id = l.id
     WHERE CASE WHEN l.status = 'published'
       THEN (s.price_minor, s.capacity, s.rating_sum) IS DISTINCT FROM
            ((l.pricing ->> 'basePriceMinor')::bigint, l.capacity, coalesce(r.rating_sum, 0))
       ELSE s.key IS NOT NULL END`);

test('writes no row that is right', async () => {
  const before = await rows();
  expect((await rebuild()).at(-1)).toMatchObject({
    listings: LISTINGS,
    repaired: 0,
    finishedAt: expect.any(String),
  });
  expect(await rows()).toEqual(before);
});

test('repairs rows that are missing, wrong or superfluous', async () => {
  const before = (await rows()).map(({ row }) => row);
  const [missing, wrong, superfluous] = ids;
  await service.query('DELETE FROM listing_search WHERE listing_id = $1', [missing]);
  await service.query(
    `UPDATE listing_search SET price_minor = 1, amenities = '{}', cell_12 = 0 WHERE listing_id = $1`,
    [wrong],
  );
  await service.query(`UPDATE listing SET status = 'paused' WHERE id = $1`, [superfluous]);
  expect(await status()).toMatchObject({
    published: LISTINGS - 1,
    rows: LISTINGS - 1,
    missing: 1,
    superfluous: 1,
  });

  expect((await rebuild()).at(-1)).toMatchObject({ listings: LISTINGS, repaired: 3 });

  expect(await found()).toEqual(ids.filter((id) => id !== superfluous).sort());
  expect(await status()).toMatchObject({ missing: 0, superfluous: 0 });
  await service.query(`UPDATE listing SET status = 'published' WHERE id = $1`, [superfluous]);
  expect((await rebuild()).at(-1)).toMatchObject({ repaired: 1 });
  expect((await rows()).map(({ row }) => row)).toEqual(before);
});

test('continues after an interruption, and from the start with restart', async () => {
  const interrupted = begin({ batchSize: 3 });
  expect((await interrupted.next()).value).toMatchObject({ listings: 3, finishedAt: null });
  await interrupted.return(undefined);
  expect((await status()).rebuild).toMatchObject({ listings: 3, finishedAt: null });
  expect((await rebuild({ batchSize: 3 })).map(({ listings }) => listings)).toEqual([6, LISTINGS]);

  const second = begin({ batchSize: 3 });
  await second.next();
  await second.return(undefined);
  expect((await rebuild({ batchSize: 5, restart: true })).map(({ listings }) => listings)).toEqual([
    5,
    LISTINGS,
  ]);
});

test('shares the listings between two processes', async () => {
  await service.query(`UPDATE listing_search SET price_minor = 1`);
  const both = await Promise.all([rebuild({ batchSize: 2 }), rebuild({ batchSize: 2 })]);
  const finished = both.flat().filter(({ finishedAt }) => finishedAt !== null);
  expect(finished).toMatchObject([{ listings: LISTINGS, repaired: LISTINGS }]);
  expect(await differences()).toEqual([]);
});

test('waits for a change that is not committed, and reads it', async () => {
  const client = new pg.Client({ connectionString: service.env.DATABASE_URL });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `UPDATE listing SET pricing = jsonb_set(pricing, '{basePriceMinor}', '777') WHERE id = $1`,
      [ids[2]],
    );
    await client.query('UPDATE listing_search SET price_minor = 777 WHERE listing_id = $1', [ids[2]]);
    const running = rebuild();
    await eventually(async () => expect(await service.lockWaits()).toBe(1));
    await client.query('COMMIT');
    await running;
  } finally {
    await client.end();
  }
  expect(await differences()).toEqual([]);
  const [row] = await service.query('SELECT price_minor::int FROM listing_search WHERE listing_id = $1', [
    ids[2],
  ]);
  expect(row).toEqual({ price_minor: 777 });
});

test('stays right while hosts change, pause and publish listings and ratings arrive', async () => {
  let writing = true;
  let rebuilds = 0;
  const rebuildAll = async () => {
    for (; writing || rebuilds === 0; rebuilds += 1) await rebuild({ batchSize: 2, restart: true });
  };
  const change = async (id: string, lane: number) => {
    for (let round = 1; round <= 6; round += 1) {
      const { anonymous } = service;
      const hostOf = service.as(host);
      const price = await hostOf.put(`/v1/listings/${id}/pricing`, { basePriceMinor: 1000 * lane + round });
      const edited = await hostOf.patch(`/v1/listings/${id}`, { capacity: round + lane });
      await service.deliver(
        'rating.changed',
        {
          listingId: id,
          count: round,
          overallSum: 4 * round,
          categorySums: {},
          histogram: [0, 0, 0, round, 0],
        },
        { version: round },
      );
      const paused = await hostOf.post(`/v1/listings/${id}/pause`);
      const search = await anonymous.get(`/v1/listings/search?hostId=${host.id}`);
      const published = lane === 1 && round === 6 ? paused : await hostOf.post(`/v1/listings/${id}/publish`);
      expect([price, edited, paused, search, published].map((response) => response.status)).toEqual([
        200, 200, 200, 200, 200,
      ]);
    }
  };
  await Promise.all([
    rebuildAll(),
    Promise.all(ids.slice(0, 4).map((id, lane) => change(id, lane + 1))).finally(() => (writing = false)),
  ]);
  expect(rebuilds).toBeGreaterThan(0);
  expect(await differences()).toEqual([]);
  expect(await found()).toEqual(ids.slice(1).sort());
  expect((await rebuild()).at(-1)).toMatchObject({ repaired: 0 });
}, 60_000);
