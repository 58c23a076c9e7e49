import { isDeepStrictEqual } from 'node:util';
import { jest } from '@jest/globals';
import { addDays } from '@roost/stay';
import { describeWithFile, type TestService } from '@roost/testing';
import { Random } from '../check/random.js';
import { CsvFile } from './csv-file.js';
import { LISTING_COLUMNS, OPTIONAL_LISTING_COLUMNS, readListing } from './listing-row.js';
import { aHost, anAdmin, beginAtNoon, startListings } from '../../../apps/listings/test/listings.fixture.js';
import {
  expectedHit,
  orderedMatches,
  type Row,
  settleTies,
  type Wanted,
} from './search-brute-force.fixture.js';
import type { SearchPageBody } from '../../../apps/listings/test/search.fixture.js';

jest.setTimeout(400_000);

const DATA = new URL('../../../../shared/data/inside-airbnb/edinburgh_listings.csv.gz', import.meta.url);
const SEARCHES = 2_000;
const LISTINGS = 2_000;
const BATCH = 200;
const MAX_PAGES = 8;

const random = new Random(15);
const oneOf = <T>(items: readonly T[]): T => random.pick(items) as T;

/** Rules that the file does not have, so that prices, stay rules and two currencies are compared, too. */
function variedRules(index: number) {
  return {
    pricing: {
      ...(index % 3 === 0 ? { weekendPriceMinor: 15_000 + index } : {}),
      ...(index % 2 === 0 ? { cleaningFeeMinor: 3_333 } : {}),
      ...(index % 5 === 0 ? { extraGuest: { above: 2, perNightMinor: 777 } } : {}),
      ...(index % 4 === 0 ? { taxes: [{ name: 'City', kind: 'per_guest_night', amountMinor: 131 }] } : {}),
    },
    stayRules: {
      ...(index % 4 === 1 ? { checkInWeekdays: ['fri', 'sat', 'mon'] } : {}),
      ...(index % 7 === 1 ? { checkOutWeekdays: ['sun', 'mon', 'tue'] } : {}),
      ...(index % 6 === 1 ? { advanceNoticeDays: 21 } : {}),
      ...(index % 8 === 1 ? { bookingWindowMonths: 2 } : {}),
    },
  };
}

async function importEdinburgh(service: TestService): Promise<void> {
  const hosts = Array.from({ length: 40 }, aHost);
  const defaults = { city: null, country: 'GB', timeZone: null, instant: false, mainCountry: 'GB' };
  const file = await CsvFile.open(DATA.pathname, LISTING_COLUMNS, OPTIONAL_LISTING_COLUMNS);
  const rows: object[] = [];
  for await (const { cells } of file.rows()) {
    const index = rows.length;
    const city = index % 5 === 0 ? 'Léith' : 'Edinburgh';
    const read = readListing(cells, { ...defaults, city, currency: index % 9 === 0 ? 'EUR' : 'GBP' });
    if ('skipped' in read) continue;
    const { externalId, content, pricing, stayRules } = read.listing;
    const varied = variedRules(index);
    rows.push({
      externalId,
      hostId: hosts[index % hosts.length]?.id,
      content: { ...content, ...(index % 2 === 0 ? { bookingMode: 'instant' } : {}) },
      pricing: { ...pricing, ...varied.pricing },
      stayRules: { ...stayRules, ...varied.stayRules },
    });
    if (rows.length === LISTINGS) break;
  }
  for (let start = 0; start < rows.length; start += BATCH) {
    const body = { source: 'inside-airbnb', rows: rows.slice(start, start + BATCH) };
    const { status } = await service.as(anAdmin()).post('/v1/admin/imports/listings', body);
    expect(status).toBe(200);
  }
}

/** Blocks nights of two thirds of the listings, and rates half of them. */
async function deliverEvents(service: TestService, ids: readonly string[], today: string): Promise<void> {
  for (const listingId of ids) {
    if (random.chance(2 / 3)) {
      const blocked = [];
      for (let day = random.integer(0, 20); day < 150; day += random.integer(3, 30)) {
        const until = day + random.integer(1, 10);
        blocked.push({ from: addDays(today, day), to: addDays(today, until) });
        day = until;
      }
      await service.deliver('calendar.changed', { listingId, blocked }, { version: 1 });
    }
    if (random.chance(1 / 2)) {
      const stars = Array.from({ length: random.integer(1, 8) }, () => random.integer(3, 5));
      const overallSum = stars.reduce((sum, each) => sum + each, 0);
      const histogram = [1, 2, 3, 4, 5].map((star) => stars.filter((each) => each === star).length);
      const rating = { listingId, count: stars.length, overallSum, categorySums: {}, histogram };
      await service.deliver('rating.changed', rating, { version: 1 });
    }
  }
}

/** The rows of the tables that hosts and events write. The search index is not read. */
async function readRows(service: TestService): Promise<Row[]> {
  return service.query<Row>(`
    SELECT l.key::float8 AS key, l.id, l.host_id AS "hostId", l.public_lat AS lat, l.public_lng AS lng,
           l.address ->> 'city' AS city, l.description, l.amenities, jsonb_array_length(l.photos) AS photos,
           l.booking_mode AS "bookingMode", l.currency, l.room_type AS "roomType", l.property_type AS "propertyType",
           l.capacity, l.bedrooms, l.beds, l.bathrooms::float8 AS bathrooms, l.time_zone AS "timeZone", l.pricing,
           l.stay_rules AS "stayRules", coalesce(r.rating_count, 0) AS "ratingCount",
           coalesce(r.rating_sum, 0) AS "ratingSum",
           coalesce((SELECT json_agg(json_build_object('from', lower(b), 'to', upper(b)))
                       FROM unnest(t.blocked) AS b), '[]') AS blocked
      FROM listing l LEFT JOIN listing_rating r ON r.listing_id = l.id
      LEFT JOIN listing_calendar t ON t.listing_id = l.id
     WHERE l.status = 'published'`);
}

function place(rows: readonly Row[]): Wanted {
  // Six decimals: the query has exactly the number that is compared.
  const six = (degrees: number) => Number(degrees.toFixed(6));
  const { lat, lng } = oneOf(rows);
  const kind = random.next();
  if (kind < 0.3) {
    const [south, west] = [six(lat - random.next() * 0.03), six(lng - random.next() * 0.05)];
    return { bbox: [west, south, six(lng + random.next() * 0.05), six(lat + random.next() * 0.03)] };
  }
  // Around the earth, without a strip through the city.
  if (kind < 0.4) return { bbox: [six(lng + random.next() * 0.02), -90, six(lng - random.next() * 0.1), 90] };
  if (kind < 0.45) return { bbox: [170, -90, -170, 90] };
  if (kind < 0.7) return { near: [six(lat), six(lng)], radiusKm: random.integer(1, 40) / 10 };
  if (kind < 0.85) return { city: oneOf(['Edinburgh', ' EDINBURGH', 'leith', 'Léith', 'Perth']) };
  return {};
}

function randomSearch(rows: readonly Row[], today: string): Wanted {
  const like = oneOf(rows);
  const wanted: Wanted = { ...place(rows), limit: random.integer(20, 100) };
  wanted.sort = oneOf([undefined, 'price', '-price', 'rating', ...(wanted.near ? ['distance'] : [])]);
  if (random.chance(0.5)) {
    const start = random.integer(1, 120);
    wanted.checkIn = addDays(today, start);
    wanted.checkOut = addDays(today, start + random.integer(1, 14));
  }
  if (random.chance(0.3)) wanted.guests = random.integer(1, 6);
  if (random.chance(0.15)) {
    const children = Array.from({ length: random.integer(1, 3) }, () => random.integer(0, 17));
    wanted.children = children;
    if (wanted.guests !== undefined) wanted.guests = children.length + random.integer(1, 3);
  }
  if (random.chance(0.25)) {
    wanted.currency = oneOf(['GBP', 'GBP', 'EUR', 'USD']);
    if (random.chance(0.7)) wanted.minPrice = random.integer(2_000, 12_000);
    if (random.chance(0.7)) wanted.maxPrice = (wanted.minPrice ?? 0) + random.integer(0, 20_000);
  }
  if (random.chance(0.2)) wanted.amenities = like.amenities.slice(0, random.integer(1, 4));
  if (wanted.amenities?.length === 0) delete wanted.amenities;
  if (random.chance(0.15)) wanted.roomType = like.roomType;
  if (random.chance(0.1)) wanted.propertyType = like.propertyType;
  if (random.chance(0.1)) wanted.minBedrooms = random.integer(0, 4);
  if (random.chance(0.1)) wanted.minBeds = random.integer(0, 5);
  if (random.chance(0.1)) wanted.minBathrooms = random.integer(0, 6) / 2;
  if (random.chance(0.1)) wanted.minRating = random.integer(300, 500) / 100;
  if (random.chance(0.1)) wanted.instantBook = random.chance(0.5);
  if (random.chance(0.05)) wanted.hostId = like.hostId;
  if (random.chance(0.05)) wanted.ids = Array.from({ length: random.integer(1, 60) }, () => oneOf(rows).id);
  return wanted;
}

const queryOf = (wanted: Wanted): string =>
  Object.entries(wanted)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');

interface Found {
  hits: SearchPageBody['data'];
  /** Whether the last page has been read. */
  complete: boolean;
  problem: unknown;
}

async function pagesOf(service: TestService, query: string): Promise<Found> {
  const hits: SearchPageBody['data'] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const response = await service.anonymous.get<SearchPageBody>(`/v1/listings/search?${query}${more}`);
    if (response.status !== 200) return { hits, complete: true, problem: response.body };
    hits.push(...response.body.data);
    cursor = response.body.nextCursor;
    if (cursor === null) break;
  }
  return { hits, complete: cursor === null, problem: null };
}

/** The first difference between the hits and the expected ones; null if they are equal. */
function difference({ hits, complete, problem }: Found, matching: readonly Row[], wanted: Wanted) {
  const expected = (complete ? matching : matching.slice(0, hits.length)).map((row) =>
    expectedHit(row, wanted),
  );
  const settled = settleTies(hits, matching, wanted);
  const actual = settled.map(({ id, nightlyMinor, stay }) => ({ id, nightlyMinor, stay }));
  if (problem === null && isDeepStrictEqual(actual, expected)) return null;
  const at = expected.findIndex((hit, index) => !isDeepStrictEqual(hit, actual[index]));
  const counts = [actual.length, expected.length];
  return { query: queryOf(wanted), problem, counts, at, actual: actual[at], expected: expected[at] };
}

describeWithFile(DATA)('random searches', () => {
  test(`${SEARCHES} random searches equal a comparison of every listing`, async () => {
    const service = await startListings();
    try {
      const today = await beginAtNoon(service);
      await importEdinburgh(service);
      const ids = await service.query<{ id: string }>('SELECT id FROM listing ORDER BY key');
      const listingIds = ids.map(({ id }) => id);
      await deliverEvents(service, listingIds, today);
      const rows = await readRows(service);
      expect(rows.length).toBeGreaterThan(LISTINGS * 0.9);
      const differences: object[] = [];
      const seen = { withStay: 0, severalPages: 0, empty: 0 };
      for (let n = 0; n < SEARCHES && differences.length < 5; n += 1) {
        const wanted = randomSearch(rows, today);
        const found = await pagesOf(service, queryOf(wanted));
        const different = difference(found, orderedMatches(rows, wanted, service.clock.now()), wanted);
        if (different !== null) differences.push(different);
        const count = found.hits.length;
        if (wanted.checkIn !== undefined && count > 0) seen.withStay += 1;
        if (count > (wanted.limit ?? 0)) seen.severalPages += 1;
        if (count === 0) seen.empty += 1;
      }
      expect(differences).toEqual([]);
      // The searches reach what they are meant to compare.
      expect(seen.withStay).toBeGreaterThan(SEARCHES / 8);
      expect(seen.severalPages).toBeGreaterThan(SEARCHES / 8);
      expect(seen.empty).toBeLessThan(SEARCHES / 2);
    } finally {
      await service.close();
    }
  });
});
