import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import type { PriceRules, StayRules } from '@roost/pricing';
import { type Box, boxesAround, cellsOf, viewport } from '../geo/domain/area.js';
import type { RoomType } from '../listing/listing.entity.js';
import { CELL_COLUMN } from '../search-index/search-index.queries.js';
import { allOf, distanceTo, searchFilters } from './search-filters.queries.js';
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
  pricing: PriceRules;
  stayRules: StayRules;
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
  return em.execute<Candidate[]>(scanStatement(request));
}

export function scanStatement({ query, nights, after, limit }: Scan): RawQueryFragment {
  const order = orderOf(query);
  const boxes = boxesOf(query);
  const filter = allOf([...searchFilters(query, boxes, nights)]);
  const context = { query, boxes, filter, after, limit };
  const candidates =
    order === 'rank' || order === 'distance' ? computedScan(order, context) : indexedScan(order, context);
  const direction = DIRECTION[order];
  return sql`
    SELECT c.value, c.key::float8 AS key, l.id, l.title, l.address ->> 'city' AS city,
           l.public_lat AS lat, l.public_lng AS lng, jsonb_path_query_array(l.photos, '$[0 to 4].id') AS "photoIds",
           l.room_type AS "roomType", l.capacity, l.bedrooms, l.beds, l.max_pets AS "maxPets", l.time_zone AS "timeZone",
           l.currency, l.booking_mode = 'instant' AS "instantBook", l.pricing, l.stay_rules AS "stayRules",
           s.rating_count AS "ratingCount", s.rating_sum AS "ratingSum"
      FROM (${candidates}) c JOIN listing l ON l.key = c.key JOIN listing_search s ON s.key = c.key
     ORDER BY c.value ${direction}, c.key ${direction}`;
}

interface ScanContext {
  query: SearchQuery;
  boxes: Box[] | null;
  filter: RawQueryFragment;
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

/** For orders with an index: merges the first rows of each cell without reading the other rows of the cell. */
function indexedScan(
  order: keyof typeof INDEXED_COLUMN,
  { boxes, filter, after, limit }: ScanContext,
): RawQueryFragment {
  const [column, type] = INDEXED_COLUMN[order];
  const direction = DIRECTION[order];
  const isAfter = after === null ? sql`true` : comesAfter([column, sql`s.key`], type, direction, after);
  const firstRows = (scope: RawQueryFragment) => sql`
    SELECT ${column}::float8 AS value, s.key FROM listing_search s
     WHERE ${scope} AND ${filter} AND ${isAfter}
     ORDER BY ${column} ${direction}, s.key ${direction} LIMIT ${limit}`;
  if (boxes === null) return firstRows(sql`true`);
  const { level, cells } = cellsOf(boxes);
  return sql`
    SELECT match.value, match.key
      FROM unnest(ARRAY[${cells}]::int[]) AS cell (id)
     CROSS JOIN LATERAL (${firstRows(sql`${CELL_COLUMN[level]} = cell.id`)}) match
     ORDER BY match.value ${direction}, match.key ${direction} LIMIT ${limit}`;
}

/** For orders that depend on the query: computes the value of every match. */
function computedScan(
  order: 'rank' | 'distance',
  { query, boxes, filter, after, limit }: ScanContext,
): RawQueryFragment {
  const direction = DIRECTION[order];
  const value = order === 'distance' ? distanceTo(query.near) : rankOf(query.q);
  const isAfter =
    after === null ? sql`true` : comesAfter([sql`m.value`, sql`m.key`], sql`float8`, direction, after);
  return sql`
    SELECT m.value, m.key FROM (
      SELECT ${value} AS value, s.key FROM listing_search s WHERE ${inCells(boxes)} AND ${filter}
    ) m WHERE ${isAfter} ORDER BY m.value ${direction}, m.key ${direction} LIMIT ${limit}`;
}

/** The condition that lets an index find the rows near the boxes. */
export function inCells(boxes: Box[] | null): RawQueryFragment {
  if (boxes === null) return sql`true`;
  const { level, cells } = cellsOf(boxes);
  return sql`${CELL_COLUMN[level]} = ANY (ARRAY[${cells}]::int[])`;
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

export function boxesOf(query: SearchQuery): Box[] | null {
  if (query.bbox !== undefined) return viewport(query.bbox);
  if (query.near !== undefined && query.radiusKm !== undefined)
    return boxesAround(query.near, query.radiusKm);
  return null;
}
