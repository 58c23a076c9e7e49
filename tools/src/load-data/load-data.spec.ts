import { listings as listingsService } from '@roost/app-listings';
import { freshDatabase, startTestService, type TestService } from '@roost/testing';
import pg from 'pg';
import { copyRows, copyText } from './copy.js';
import { RefusedDatabase } from './guard.js';
import { generateListing, ID_PREFIX } from './listing-rows.js';
import { loadListings, type LoadOptions } from './load.js';

const LISTINGS = 1_200;
const FROM = '2027-01-01';
const screen = { write: () => true };

let services: TestService[];
beforeAll(async () => {
  services = await Promise.all([startTestService(listingsService), startTestService(listingsService)]);
}, 60_000);
afterAll(() => Promise.all(services.map((service) => service.close())));

const load = (service: TestService, options: Partial<LoadOptions> = {}) =>
  loadListings({
    url: service.env.DATABASE_URL ?? '',
    seed: 1,
    listings: LISTINGS,
    from: FROM,
    screen,
    ...options,
  });

const checksums = async (service: TestService) => {
  const sums: Record<string, unknown> = {};
  for (const table of ['listing', 'listing_search', 'listing_rating', 'listing_calendar', 'account_standing'])
    [sums[table]] = await service.query(
      `SELECT count(*)::int, md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM ${table} t`,
    );
  return sums;
};

test('escapes the characters of the format', () => {
  expect(copyText('a\tb\nc\\d\re')).toBe('a\\tb\\nc\\\\d\\re');
  expect(copyText(null)).toBe('\\N');
  expect(copyText(['wifi', 'a"b'])).toBe('{"wifi","a\\\\"b"}');
  expect(copyText({ a: ['x'] })).toBe('{"a":["x"]}');
});

test('rejects the rows of a failed COPY and leaves the connection usable', async () => {
  const client = new pg.Client({ connectionString: await freshDatabase('roost_copy') });
  await client.connect();
  try {
    await client.query('CREATE TABLE item (n integer, text text)');
    await expect(copyRows(client, 'item', [{ n: 'x', text: 'a' }])).rejects.toThrow(/integer/);
    const text = 'tab\t, back\\slash, line\n, and \\N';
    await copyRows(client, 'item', [
      { n: 1, text },
      { n: 2, text: null },
    ]);
    expect((await client.query('SELECT n, text FROM item ORDER BY n')).rows).toEqual([
      { n: 1, text },
      { n: 2, text: null },
    ]);
  } finally {
    await client.end();
  }
});

test('generates a listing from seed and number alone', () => {
  const options = { seed: 7, listings: 100, from: FROM };
  expect(generateListing(options, 42)).toEqual(generateListing(options, 42));
  expect(generateListing(options, 42)).not.toEqual(generateListing(options, 43));
  expect(generateListing({ ...options, seed: 8 }, 42)).not.toEqual(generateListing(options, 42));
});

test('the same seed gives the same data, which search finds', async () => {
  const [first, second] = services as [TestService, TestService];
  await load(first);
  await load(second);
  const sums = await checksums(first);
  expect(await checksums(second)).toEqual(sums);
  expect(sums).toMatchObject({ listing: { count: LISTINGS }, listing_search: { count: LISTINGS } });

  const page = await first.anonymous.get<{ data: { city: string; stay: object }[] }>(
    '/v1/listings/search?city=Paris&limit=10',
  );
  expect(page.status).toBe(200);
  expect(page.body.data.map(({ city }) => city)).toEqual(Array(10).fill('Paris'));
  const [{ id } = { id: '' }] = await first.query<{ id: string }>('SELECT id FROM listing LIMIT 1');
  expect((await first.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
});

test('the data are skewed, and have taken nights', async () => {
  const [service] = services as [TestService];
  const cities = await service.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM listing_search GROUP BY city ORDER BY 1 DESC',
  );
  expect(cities[0]?.n).toBeGreaterThan(LISTINGS / 8);
  expect(cities.filter(({ n }) => n < 5).length).toBeGreaterThan(50);
  const [{ nights } = { nights: 0 }] = await service.query<{ nights: number }>(
    `SELECT sum(upper(r) - lower(r))::int AS nights FROM listing_calendar, unnest(blocked) r`,
  );
  expect(nights).toBeGreaterThan(LISTINGS * 50);
});

test('replaces generated listings only with --replace', async () => {
  const [first, second] = services as [TestService, TestService];
  await expect(load(first)).rejects.toThrow(/Pass --replace/);
  await load(first, { seed: 2, replace: true });
  expect(await checksums(first)).not.toEqual(await checksums(second));
  await load(first, { replace: true });
  expect(await first.query('SELECT count(*)::int FROM listing')).toEqual([{ count: LISTINGS }]);
});

test('refuses production, other hosts and listings of others', async () => {
  const [service] = services as [TestService];
  await expect(load(service, { environment: 'production', force: true })).rejects.toThrow(RefusedDatabase);
  const [{ id } = { id: '' }] = await service.query<{ id: string }>('SELECT id FROM listing LIMIT 1');
  await service.query('DELETE FROM listing_search WHERE listing_id = $1', [id]);
  await service.query(`UPDATE listing SET id = gen_random_uuid(), status = 'draft' WHERE id = $1`, [id]);
  const before = await checksums(service);
  await expect(load(service, { replace: true })).rejects.toThrow(
    /"listing" that this command did not generate/,
  );
  expect(await checksums(service)).toEqual(before);
  await load(service, { replace: true, force: true });
  const [{ count } = { count: 0 }] = await service.query<{ count: number }>(
    `SELECT count(*)::int FROM listing WHERE id::text NOT LIKE '${ID_PREFIX}-%'`,
  );
  expect(count).toBe(1);
  const url = (service.env.DATABASE_URL ?? '').replace('127.0.0.1', '0.0.0.0');
  await expect(load(service, { url })).rejects.toThrow(/not on this machine/);
});
