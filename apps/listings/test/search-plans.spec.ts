import { EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { Transactions } from '@roost/messaging';
import { uuidv7 } from '@roost/platform';
import { captureStatements, queryPlans, type TestService } from '@roost/testing';
import { rebuildSearchIndex } from '../src/search-index/search-rebuild.js';
import { cellOf } from '../src/geo/domain/area.js';
import { countFacets, facetsStatement } from '../src/search/facets.queries.js';
import { SearchQuery } from '../src/search/search.dto.js';
import { type Position, scan, scanStatement, statementName } from '../src/search/search.queries.js';
import { similarStatement } from '../src/similar/similar.queries.js';
import { startListings } from './listings.fixture.js';

const LISTINGS = 20_000;
const HOST = uuidv7();

let service: TestService;
beforeAll(async () => {
  service = await startListings();
  await service.query(
    `INSERT INTO listing (id, host_id, status, title, description, property_type, room_type, address, lat, lng,
            public_lat, public_lng, time_zone, currency, capacity, bedrooms, beds, bathrooms, amenities, house_rules,
            max_pets, booking_mode, cancellation_policy, check_in_from, check_out_until, pricing, stay_rules, photos,
            published_at, created_at, updated_at)
     SELECT uuidv7(), CASE WHEN n % 500 = 0 THEN $1::uuid ELSE gen_random_uuid() END, 'published', 'Listing ' || n,
            'Near the ' || CASE WHEN n % 997 = 0 THEN 'lighthouse' ELSE 'market' END, 'apartment', 'entire_home',
            jsonb_build_object('line1', 'x', 'city', 'City ' || n % 200, 'region', '', 'postalCode', '', 'countryCode', 'US'),
            0, 0, 60 * random(), 120 * random(), 'UTC', 'USD', 1 + n % 8, 1, 1, 1, '{wifi}', '', 0, 'instant',
            'flexible', '15:00', '11:00', '{"basePriceMinor": 100}',
            '{"minNights": 1, "maxNights": 365, "minNightsByWeekday": {}, "minNightsOverrides": []}', '[]', now(), now(), now()
       FROM generate_series(1, $2::int) n`,
    [HOST, LISTINGS],
  );
  const points = await service.query<{ key: string; lat: number; lng: number }>(
    `SELECT key, public_lat AS lat, public_lng AS lng FROM listing`,
  );
  const cells = points.map((at) => [3, 6, 9, 12].map((level) => cellOf(at, level as 3 | 6 | 9 | 12)));
  await service.query(
    `INSERT INTO listing_search (key, listing_id, host_id, lat, lng, cell_3, cell_6, cell_9, cell_12, city, score,
            price_minor, currency, room_type, property_type, capacity, bedrooms, beds, bathrooms, instant_book, amenities,
            min_nights, max_nights, rating_count, rating_sum)
     SELECT l.key, l.id, l.host_id, l.public_lat, l.public_lng, c.c3, c.c6, c.c9, c.c12, lower(l.address ->> 'city'),
            l.key % 100, 1000 + l.key % 5000, 'USD', l.room_type, l.property_type, l.capacity, 1, 1, 1, true, l.amenities,
            1, 365, l.key % 50, (l.key % 50) * (1 + l.key % 5)
       FROM listing l
       JOIN unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::int[]) AS c (key, c3, c6, c9, c12) USING (key)`,
    [points.map(({ key }) => key), ...[0, 1, 2, 3].map((level) => cells.map((byLevel) => byLevel[level]))],
  );
  await service.query(
    `INSERT INTO listing_calendar (listing_id, version, blocked)
     SELECT listing_id, 1, '{[2027-05-01,2027-05-09)}' FROM listing_search WHERE key % 2 = 0`,
  );
  await service.query(
    `INSERT INTO account_standing (user_id, version, status)
     SELECT gen_random_uuid(), 1, CASE WHEN n % 1000 > 0 THEN 'active' ELSE 'suspended' END FROM generate_series(1, 5000) n`,
  );
  await service.query(
    `INSERT INTO host_name (user_id, version, display_name) SELECT user_id, 1, 'Ada' FROM account_standing`,
  );
  await service.query('ANALYZE');
}, 60_000);
afterAll(() => service.close());

async function plan(query: Record<string, string>, after: Position | null = null): Promise<string> {
  const parsed = SearchQuery.parse(query);
  const statement = scanStatement({
    query: parsed,
    nights: parsed.checkIn === undefined ? null : 4,
    after,
    limit: 21,
  });
  return explain(statement);
}

async function explain(statement: RawQueryFragment): Promise<string> {
  const rows = await service
    .get(EntityManager)
    .fork()
    .execute<{ 'QUERY PLAN': string }[]>(sql`EXPLAIN ${statement}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const dates = { checkIn: '2027-05-03', checkOut: '2027-05-07' };
const town = { bbox: '10,10,10.5,10.5' };
const laterPosition = { value: 40, key: 10_000 };

test.each<[string, Record<string, string>, Position | null]>([
  ['a town', town, null],
  ['a town with dates', { ...town, ...dates, guests: '2' }, null],
  ['a town by price, on a later page', { ...town, sort: 'price' }, laterPosition],
  ['a town by descending price', { ...town, sort: '-price' }, laterPosition],
  [
    'a town by rating, at least 4',
    { ...town, sort: 'rating', minRating: '4' },
    { value: 450_000_003, key: 9_000 },
  ],
  ['a city by rating', { city: 'City 7', sort: 'rating' }, null],
  ['no place by rating', { sort: 'rating' }, null],
  ['one host by rating', { hostId: HOST, sort: 'rating' }, null],
  ['a country', { bbox: '0,0,40,40' }, laterPosition],
  ['the whole earth with dates', { bbox: '-180,-90,180,90', ...dates }, null],
  ['across the antimeridian', { bbox: '170,0,-170,10' }, null],
  ['around a point', { near: '10,10', radiusKm: '20', sort: 'distance' }, laterPosition],
  ['a city', { city: 'City 7', ...dates }, laterPosition],
  ['a city by price', { city: 'City 7', sort: 'price' }, null],
  ['no place', {}, laterPosition],
  ['no place by price', { sort: 'price' }, laterPosition],
  ['one host', { hostId: HOST }, null],
  ['ids', { ids: [HOST, uuidv7()].join(',') }, null],
  ['ids by price', { ids: HOST, sort: 'price' }, laterPosition],
  ['words', { q: 'lighthouse' }, null],
  ['words in a town', { q: 'lighthouse', ...town }, { value: 0.1, key: 5 }],
])('uses no sequential scan for %s', async (_, query, after) => {
  const text = await plan(query, after);
  expect(text).toMatch(/Scan/);
  expect(text).not.toMatch(/Seq Scan/);
});

test.each<[string, Record<string, string>]>([
  ['a town', town],
  ['a town by price', { ...town, sort: 'price' }],
  ['a town by descending price', { ...town, sort: '-price' }],
  ['a town by rating', { ...town, sort: 'rating' }],
  ['a city', { city: 'City 7' }],
  ['no place', {}],
])('starts the next page in the index after the previous one for %s', async (_, query) => {
  expect(await plan(query, laterPosition)).toMatch(/Index Cond: .*ROW\(/);
});

test('reads the order of a search without place from the index, without a sort', async () => {
  for (const query of [{ sort: 'relevance' }, { sort: 'price' }, { sort: '-price' }, { sort: 'rating' }]) {
    const inner = (await plan(query)).split('\n');
    const limit = inner.findIndex((line) => line.includes('Limit'));
    expect(limit).toBeGreaterThanOrEqual(0);
    expect(inner.slice(limit).join('\n')).not.toContain('Sort');
  }
});

test.each<[string, Record<string, string>]>([
  ['a town', town],
  ['a city with dates', { city: 'City 7', ...dates }],
  ['one host', { hostId: HOST }],
  ['words', { q: 'lighthouse' }],
])('counts the facets of %s without a sequential scan', async (_, query) => {
  const parsed = SearchQuery.parse({ ...query, facets: 'true' });
  const statement = facetsStatement(parsed, parsed.checkIn === undefined ? null : 4);
  const text = await explain(statement);
  expect(text).toMatch(/Index Scan/);
  expect(text).not.toMatch(/Seq Scan/);
});

test('counts the facets of at most 10,000 hits', async () => {
  const query = SearchQuery.parse({ bbox: '-180,-90,180,90', facets: 'true' });
  const counts = await countFacets(service.get(EntityManager).fork(), query, null);
  expect(counts).toMatchObject({
    hits: 10_001,
    roomType: { entire_home: 10_000 },
    amenities: { wifi: 10_000 },
  });
  expect(counts.prices.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
});

test('reads ids and words from their indexes', async () => {
  const ids = Array.from({ length: 100 }, () => uuidv7()).join(',');
  expect(await plan({ ids })).toContain('listing_search_listing_id_key');
  expect(await plan({ q: 'lighthouse' })).toContain('listing_search_words');
});

describe('prepared statements', () => {
  const price = {
    currency: 'USD',
    minPrice: '1000',
    maxPrice: '5000',
    roomType: 'entire_home',
    minBeds: '1',
  };
  const quarter = { bbox: '10,10,10.05,10.05' };
  const region = { bbox: '10,10,13,13' };
  const near = { near: '10,10', radiusKm: '20' };
  /** Each query with the index that its plan for any values reads. */
  const FREQUENT: [string, Record<string, string>, string][] = [
    ['a quarter', quarter, 'cell_14_score'],
    ['a quarter with dates and filters', { ...quarter, ...dates, ...price, guests: '2' }, 'cell_14_score'],
    ['a quarter by price', { ...quarter, ...price, sort: 'price' }, 'cell_14_price'],
    ['a quarter by rating', { ...quarter, minRating: '4', sort: 'rating' }, 'cell_14_rating'],
    ['a town', town, 'cell_9_score'],
    ['a town by descending price with dates', { ...town, ...dates, sort: '-price' }, 'cell_9_price'],
    ['a region', { ...region, ...price }, 'cell_9_score'],
    ['a region by rating with dates', { ...region, ...dates, sort: 'rating' }, 'cell_9_rating'],
    ['a circle', { ...near, ...dates }, 'cell_12_score'],
    ['a circle by price', { ...near, ...price, sort: 'price' }, 'cell_12_price'],
    ['a city', { city: 'City 7', ...price, minRating: '3' }, 'city_score'],
    ['a city by price with dates', { city: 'City 7', ...dates, sort: 'price' }, 'city_price'],
    ['a city by rating', { city: 'City 7', ...price, sort: 'rating' }, 'city_rating'],
  ];
  const request = (query: Record<string, string>, after: Position | null = null) => ({
    query: SearchQuery.parse(query),
    nights: query.checkIn === undefined ? null : 4,
    after,
    limit: 21,
  });

  test.each(FREQUENT)('read %s in order from one index with any values', async (_, query, index) => {
    for (const after of [null, laterPosition]) {
      expect(statementName(request(query, after))).not.toBeNull();
      const text = await queryPlans(service, /listing_search/, (em) => scan(em, request(query, after)), {
        generic: true,
      });
      expect(text).toMatch(
        new RegExp(`Index Scan (Backward )?using listing_search_${index} on listing_search`),
      );
      expect(text).not.toMatch(/Seq Scan/);
      // One sort merges the cells; none is inside of them.
      expect(text.match(/Sort Key/g)?.length ?? 0).toBeLessThanOrEqual(1);
    }
  });

  test('have one text per name, whatever filters are set', async () => {
    const texts = new Map<string, Set<string>>();
    const filters: Record<string, string>[] = [
      {},
      price,
      { guests: '3' },
      { minRating: '4', instantBook: 'true' },
      { minBathrooms: '1.5' },
    ];
    const places = [
      quarter,
      { bbox: '20,20,20.01,20.01' },
      town,
      region,
      near,
      { city: 'City 1' },
      { city: 'City 2' },
    ];
    for (const place of places)
      for (const filter of filters)
        for (const sort of ['relevance', 'price', 'rating'])
          for (const stay of [{}, dates]) {
            const one = request({ ...place, ...filter, ...stay, sort });
            const name = statementName(one) ?? '';
            const statements = await captureStatements(() => scan(service.get(EntityManager).fork(), one));
            const known = texts.get(name) ?? new Set();
            texts.set(name, known);
            for (const { text, own } of statements)
              if (own && text.includes('listing_search')) known.add(text);
          }
    expect(texts.has('')).toBe(false);
    for (const [name, known] of texts) expect([name, known.size]).toEqual([name, 1]);
  });

  test('are not used for searches with an index of their own', () => {
    const filters: Record<string, string>[] = [{ q: 'sea' }, { hostId: HOST }, { amenities: 'wifi' }];
    for (const filter of filters) expect(statementName(request({ ...town, ...filter }))).toBeNull();
    expect(statementName(request({ ids: HOST }))).toBeNull();
    expect(statementName(request({}))).toBeNull();
    expect(statementName(request({ bbox: '170,0,-170,10' }))).toBeNull();
  });
});

test('finds the cells of points as the grid of the index does', async () => {
  const points = [
    ...[-90, -45.5, 0, 12.345678, 89.99999, 90].flatMap((lat) =>
      [-180, -0.00001, 0, 0.021972656, 179.99999, 180].map((lng) => ({ lat, lng })),
    ),
    // Spread over the earth; the steps divide neither the sides nor a cell.
    ...Array.from({ length: 2_000 }, (_, n) => ({
      lat: ((n * 7.123_457) % 180) - 90,
      lng: ((n * 13.765_431) % 360) - 180,
    })),
  ];
  const rows = await service.query<{ cell: number }>(
    `SELECT search_cell_14(lat, lng) AS cell
       FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS p (lat, lng, n) ORDER BY n`,
    [points.map(({ lat }) => lat), points.map(({ lng }) => lng)],
  );
  expect(rows.map(({ cell }) => cell)).toEqual(points.map((point) => cellOf(point, 14)));
});

test('reads the next listings of a rebuild from the index, without a sort', async () => {
  const transactions = service.get(Transactions);
  const plans = await queryPlans(service, /FOR NO KEY UPDATE/, async () => {
    for await (const { listings } of rebuildSearchIndex(transactions, { batchSize: 100 }))
      if (listings >= 200) break;
  });
  expect(plans).toContain('Index Scan using listing_key_key on listing');
  expect(plans).not.toMatch(/Sort|Seq Scan/);
});

test('uses an index for the host’s own listings', async () => {
  const rows = await service.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT * FROM listing WHERE host_id = '${HOST}' AND id < '${uuidv7()}' ORDER BY id DESC LIMIT 21`,
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('listing_host');
});

test('reads the best listings of each cell from the index for similar listings', async () => {
  const statement = similarStatement({ listingId: uuidv7(), point: { lat: 10, lng: 10 }, limit: 10 });
  const rows = await service
    .get(EntityManager)
    .fork()
    .execute<{ 'QUERY PLAN': string }[]>(sql`EXPLAIN ${statement}`);
  const text = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toContain('listing_search_cell_12_score');
  expect(text).not.toMatch(/Seq Scan on listing_search/);
});

test('detects a query without an index', async () => {
  const rows = await service.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT key FROM listing_search WHERE beds = 1 ORDER BY beds LIMIT 21`,
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Seq Scan/);
});
