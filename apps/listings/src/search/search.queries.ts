import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { executePrepared } from '@roost/platform';
import type { PriceRules, StayRules } from '@roost/pricing';
import { type Area, circleArea, type Level, viewportArea } from '../geo/domain/area.js';
import type { RoomType } from '../listing/listing.entity.js';
import { cityKey } from '../search-index/domain/search-row.js';
import { CELL_COLUMN } from '../search-index/search-index.queries.js';
import { allOf, boundOf, distanceTo, searchFilters } from './search-filters.queries.js';
import type { SearchQuery } from './search.dto.js';

export type Order = 'score' | 'rank' | 'price' | '-price' | 'rating' | 'distance';

/** The end of the previous page: the last value in the order, and the key of its row. */
export interface Position {
  value: number;
  key: number;
}

export interface Scan {
  query: SearchQuery;
  /** The length of the requested stay; null for a search without dates. */
  nights: number | null;
  after: Position | null;
  limit: number;
}

/** A listing that the database does not exclude. The stay rules are checked afterwards. */
export interface Candidate extends Position {
  id: string;
  title: string;
  city: string;
  lat: number;
  lng: number;
  /** The first photos in display order. */
  photoIds: string[];
  roomType: RoomType;
  capacity: number;
  bedrooms: number | null;
  beds: number | null;
  maxPets: number;
  timeZone: string;
  currency: string;
  instantBook: boolean;
  hostName: string | null;
  nightlyMinor: number;
  /** Null for a search without dates, as the stay rules. */
  pricing: PriceRules | null;
  stayRules: StayRules | null;
  ratingCount: number;
  ratingSum: number;
}

/** `relevance` orders by full-text rank if the query has search words, otherwise by the score of the listing. */
export function orderOf(query: Pick<SearchQuery, 'sort' | 'q'>): Order {
  if (query.sort !== 'relevance') return query.sort;
  return query.q === undefined ? 'score' : 'rank';
}

/** The next candidates in order, at most `limit`. */
export async function scan(em: EntityManager, request: Scan): Promise<Candidate[]> {
  let candidates: Candidate[] = [];
  // At most three: as soon as a smaller circle contains enough listings, no other listing is nearer.
  for (const query of narrowed(request)) {
    candidates = await scanOnce(em, { ...request, query });
    if (candidates.length === request.limit) break;
  }
  return candidates;
}

const NARROWER = [64, 8, 1];
const MIN_RADIUS_KM = 0.2;

/** By distance, the search in smaller circles first: it computes the distance of every listing in the circle. */
function narrowed({ query, after }: Scan): SearchQuery[] {
  const { radiusKm } = query;
  if (query.sort !== 'distance' || radiusKm === undefined) return [query];
  const first = Math.max(MIN_RADIUS_KM, (after?.value ?? 0) / 1000);
  const radii = NARROWER.map((share) => radiusKm / share).filter((radius) => radius > first);
  return (radii.includes(radiusKm) ? radii : [radiusKm]).map((radius) => ({ ...query, radiusKm: radius }));
}

async function scanOnce(em: EntityManager, request: Scan): Promise<Candidate[]> {
  const name = statementName(request);
  const statement = scanStatement(request);
  return name === null ? em.execute<Candidate[]>(statement) : executePrepared<Candidate>(em, name, statement);
}

/** Without the coarse levels of the grid, which few searches use: each name keeps a plan in each connection. */
const PREPARED_LEVELS: readonly Level[] = [9, 12, 14];

/**
 * The name of a prepared statement (ADR 16), for the searches that are frequent: their statement takes longer to plan than to
 * run. Null for all others. Requests with the same name have the same text.
 */
export function statementName({ query, nights, after }: Scan): string | null {
  // Amenities may have few listings, which their own index finds.
  const isRare = [query.q, query.ids, query.hostId, query.amenities].some((filter) => filter !== undefined);
  const area = areaOf(query);
  if (isRare || (area === null && query.city === undefined)) return null;
  if (area !== null && (area.boxes.length > 1 || !PREPARED_LEVELS.includes(area.level))) return null;
  const parts = [
    'search',
    area === null ? 'city' : `cell${area.level}`,
    orderOf(query),
    ...(query.near !== undefined ? ['near'] : []),
    ...(nights !== null ? ['stay'] : []),
    ...(after !== null ? ['after'] : []),
  ];
  return parts.join(' ');
}

export function scanStatement({ query, nights, after, limit }: Scan): RawQueryFragment {
  const order = orderOf(query);
  const area = areaOf(query);
  const prepared = statementName({ query, nights, after, limit }) !== null;
  const filter = allOf([...searchFilters(query, area?.boxes ?? null, { nights, prepared })]);
  const context = { query, area, filter, prepared, after, limit };
  const candidates =
    order === 'rank' || order === 'distance' ? computedScan(order, context) : indexedScan(order, context);
  const direction = DIRECTION[order];
  const rules =
    nights === null ? sql`NULL AS pricing, NULL AS "stayRules"` : sql`l.pricing, l.stay_rules AS "stayRules"`;
  return sql`
    SELECT c.value, c.key::float8 AS key, l.id, l.title, l.address ->> 'city' AS city,
           l.public_lat AS lat, l.public_lng AS lng, jsonb_path_query_array(l.photos, '$[0 to 4].id') AS "photoIds",
           l.room_type AS "roomType", l.capacity, l.bedrooms, l.beds, l.max_pets AS "maxPets", l.time_zone AS "timeZone",
           l.currency, l.booking_mode = 'instant' AS "instantBook",
           (SELECT h.display_name FROM host_name h WHERE h.user_id = l.host_id) AS "hostName", c.price_minor::float8 AS "nightlyMinor",
           ${rules}, c.rating_count AS "ratingCount", c.rating_sum AS "ratingSum"
      FROM (${candidates}) c JOIN listing l ON l.key = c.key
     ORDER BY c.value ${direction}, c.key ${direction}`;
}

interface ScanContext {
  query: SearchQuery;
  area: Area | null;
  filter: RawQueryFragment;
  prepared: boolean;
  after: Position | null;
  limit: number;
}

const ASC = sql`ASC`;
const DESC = sql`DESC`;
const DIRECTION: Record<Order, RawQueryFragment> = {
  score: DESC,
  rank: DESC,
  price: ASC,
  '-price': DESC,
  rating: DESC,
  distance: ASC,
};

const INDEXED_COLUMN = {
  score: [sql`s.score`, sql`integer`],
  price: [sql`s.price_minor`, sql`bigint`],
  '-price': [sql`s.price_minor`, sql`bigint`],
  rating: [sql`s.rating_order`, sql`integer`],
} as const;

/** The columns of a search row that a hit shows. */
const SHOWN = sql`s.price_minor, s.rating_count, s.rating_sum`;
const MATCH = sql`match.value, match.key, match.price_minor, match.rating_count, match.rating_sum`;

/** A list as one value, so that the text of the statement does not depend on its length. */
const arrayOf = (values: readonly (number | string)[]) => `{${values.join(',')}}`;

/** For orders with an index: merges the first rows of each cell without reading the other rows of the cell. */
function indexedScan(
  order: keyof typeof INDEXED_COLUMN,
  { query, area, filter, prepared, after, limit }: ScanContext,
): RawQueryFragment {
  const [column, type] = INDEXED_COLUMN[order];
  const direction = DIRECTION[order];
  const isAfter = after === null ? sql`true` : comesAfter([column, sql`s.key`], type, direction, after);
  const inOrder = sql`ORDER BY ${column} ${direction}, s.key ${direction}`;
  // For any values the planner expects few rows, which it would sort. The OFFSET lets it read them in the order of the index.
  const rows = (scope: RawQueryFragment) =>
    prepared
      ? sql`(SELECT * FROM listing_search s WHERE ${scope} AND ${boundOf(query, order)} AND ${isAfter} ${inOrder} OFFSET 0) s
             WHERE ${filter}`
      : sql`listing_search s WHERE ${scope} AND ${filter} AND ${isAfter}`;
  const firstRows = (scope: RawQueryFragment) => sql`
    SELECT ${column}::float8 AS value, s.key, ${SHOWN} FROM ${rows(scope)} ${inOrder} LIMIT ${limit}`;
  const isInCity = query.city === undefined ? sql`true` : sql`s.city = ${cityKey(query.city)}`;
  if (area === null) return firstRows(isInCity);
  const { level, cells } = area;
  return sql`
    SELECT ${MATCH}
      FROM unnest(${arrayOf(cells)}::int[]) AS cell (id)
     CROSS JOIN LATERAL (${firstRows(sql`${CELL_COLUMN[level]} = cell.id`)}) match
     ORDER BY match.value ${direction}, match.key ${direction} LIMIT ${limit}`;
}

/** For orders that depend on the query: computes the value of every match. */
function computedScan(
  order: 'rank' | 'distance',
  { query, area, filter, after, limit }: ScanContext,
): RawQueryFragment {
  const direction = DIRECTION[order];
  const value = order === 'distance' ? distanceTo(query.near) : rankOf(query.q);
  const isAfter =
    after === null ? sql`true` : comesAfter([sql`m.value`, sql`m.key`], sql`float8`, direction, after);
  return sql`
    SELECT m.* FROM (
      SELECT ${value} AS value, s.key, ${SHOWN} FROM listing_search s WHERE ${inCells(area)} AND ${filter}
    ) m WHERE ${isAfter} ORDER BY m.value ${direction}, m.key ${direction} LIMIT ${limit}`;
}

/** The condition that lets an index find the rows near the area. */
export function inCells(area: Area | null): RawQueryFragment {
  if (area === null) return sql`true`;
  const { level, cells } = area;
  return sql`${CELL_COLUMN[level]} = ANY (${arrayOf(cells)}::int[])`;
}

/** Compares in the type of the column. With a cast on the column the index would be read from its start. */
function comesAfter(
  [value, key]: readonly [RawQueryFragment, RawQueryFragment],
  type: RawQueryFragment,
  direction: RawQueryFragment,
  after: Position,
): RawQueryFragment {
  const operator = direction === ASC ? sql`>` : sql`<`;
  return sql`(${value}, ${key}) ${operator} (${after.value}::${type}, ${after.key}::bigint)`;
}

const rankOf = (words: string | undefined) =>
  sql`(SELECT ts_rank(l.search_words, search_query(${words})) FROM listing l WHERE l.key = s.key)::float8`;

export function areaOf(query: SearchQuery): Area | null {
  if (query.bbox !== undefined) return viewportArea(query.bbox);
  if (query.near !== undefined && query.radiusKm !== undefined) return circleArea(query.near, query.radiusKm);
  return null;
}
