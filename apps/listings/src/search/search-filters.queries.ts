import { type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import type { Box } from '../geo/domain/area.js';
import { EARTH_RADIUS_METRES, type Point } from '../geo/domain/point.js';
import { cityKey, ratingOrder } from '../search-index/domain/search-row.js';
import { capacityOf, type SearchQuery } from './search.dto.js';

export function allOf(conditions: readonly RawQueryFragment[]): RawQueryFragment {
  return conditions.reduce((before, next) => sql`${before} AND ${next}`, sql`true`);
}

export interface FilterOptions {
  /** Null for a search without dates. */
  nights: number | null;
  /** For a prepared statement: its text does not depend on the filters that are set. */
  prepared?: boolean;
}

/** The conditions of a search on `listing_search s`. */
export function* searchFilters(
  query: SearchQuery,
  boxes: readonly Box[] | null,
  { nights, prepared = false }: FilterOptions,
): Generator<RawQueryFragment> {
  // An array of the few inactive hosts, read once per search, instead of a subquery per row.
  yield sql`s.host_id <> ALL (ARRAY(SELECT a.user_id FROM account_standing a WHERE a.status <> 'active'))`;
  yield* placeFilters(query, boxes);
  if (prepared) yield* allFilters(query);
  else yield* setFilters(query);
  if (query.q !== undefined) {
    yield sql`s.key IN (SELECT l.key FROM listing l WHERE l.search_words @@ search_query(${query.q}))`;
  }
  if (nights !== null) yield* stayFilters(query, nights);
}

/** The distance of a search row from the point, in metres (haversine, as in `metresBetween`). */
export function distanceTo(point: Point | undefined): RawQueryFragment {
  if (point === undefined) throw new TypeError('a distance needs a point');
  const { lat, lng } = point;
  return sql`(2 * ${EARTH_RADIUS_METRES}::float8 * asin(sqrt(least(1, sin(radians(s.lat - ${lat}) / 2) ^ 2
    + cos(radians(${lat})) * cos(radians(s.lat)) * sin(radians(s.lng - ${lng}) / 2) ^ 2))))`;
}

function* placeFilters(query: SearchQuery, boxes: readonly Box[] | null): Generator<RawQueryFragment> {
  if (boxes !== null) yield anyOf(boxes.map(isInside));
  if (query.near !== undefined && query.radiusKm !== undefined) {
    yield sql`${distanceTo(query.near)} <= ${query.radiusKm * 1000}`;
  }
  if (query.city !== undefined) yield sql`s.city = ${cityKey(query.city)}`;
}

function* setFilters(query: SearchQuery): Generator<RawQueryFragment> {
  if (query.hostId !== undefined) yield sql`s.host_id = ${query.hostId}`;
  if (query.currency !== undefined) yield sql`s.currency = ${query.currency}`;
  if (query.minPrice !== undefined) yield sql`s.price_minor >= ${query.minPrice}`;
  if (query.maxPrice !== undefined) yield sql`s.price_minor <= ${query.maxPrice}`;
  if (query.ids !== undefined) yield sql`s.listing_id = ANY (ARRAY[${query.ids}]::uuid[])`;
  const capacity = capacityOf(query);
  if (capacity !== undefined) yield sql`s.capacity >= ${capacity}`;
  if (query.roomType !== undefined) yield sql`s.room_type = ${query.roomType}`;
  if (query.propertyType !== undefined) yield sql`s.property_type = ${query.propertyType}`;
  if (query.minBedrooms !== undefined) yield sql`s.bedrooms >= ${query.minBedrooms}`;
  if (query.minBeds !== undefined) yield sql`s.beds >= ${query.minBeds}`;
  if (query.minBathrooms !== undefined) yield sql`s.bathrooms >= ${query.minBathrooms}`;
  if (query.minRating !== undefined) yield sql`s.rating_order >= ${ratingOrder(query.minRating)}`;
  if (query.instantBook !== undefined) yield sql`s.instant_book = ${query.instantBook}`;
  if (query.amenities !== undefined) yield sql`s.amenities @> ARRAY[${query.amenities}]::text[]`;
}

const MAX_PRICE = Number.MAX_SAFE_INTEGER;

/** The part of the order between the lowest and the highest price, or from the lowest rating. */
export function boundOf(
  { minPrice = 0, maxPrice = MAX_PRICE, minRating }: SearchQuery,
  order: string,
): RawQueryFragment {
  if (order === 'price' || order === '-price')
    return sql`s.price_minor BETWEEN ${minPrice}::bigint AND ${maxPrice}::bigint`;
  if (order === 'rating')
    return sql`s.rating_order >= ${minRating === undefined ? 0 : ratingOrder(minRating)}::int`;
  return sql`true`;
}

/** The filters of a prepared statement, set or not. `hostId`, `ids` and `amenities` have an index of their own instead. */
function* allFilters(query: SearchQuery): Generator<RawQueryFragment> {
  yield boundOf(query, 'price');
  yield boundOf(query, 'rating');
  yield sql`s.capacity >= ${capacityOf(query) ?? 0}`;
  yield unlessUnset(query.currency, (value) => sql`s.currency = ${value}::text`);
  yield unlessUnset(query.roomType, (value) => sql`s.room_type = ${value}::text`);
  yield unlessUnset(query.propertyType, (value) => sql`s.property_type = ${value}::text`);
  yield unlessUnset(query.minBedrooms, (value) => sql`s.bedrooms >= ${value}::int`);
  yield unlessUnset(query.minBeds, (value) => sql`s.beds >= ${value}::int`);
  yield unlessUnset(query.minBathrooms, (value) => sql`s.bathrooms >= ${value}::float8`);
  yield unlessUnset(query.instantBook, (value) => sql`s.instant_book = ${value}::boolean`);
}

/** True for every row, also one without a value, if the filter is not set. */
const unlessUnset = <Value>(
  value: Value | undefined,
  condition: (value: Value | null) => RawQueryFragment,
): RawQueryFragment => sql`(${value === undefined} OR ${condition(value ?? null)})`;

function* stayFilters({ checkIn, checkOut }: SearchQuery, nights: number): Generator<RawQueryFragment> {
  yield sql`s.min_nights <= ${nights} AND s.max_nights >= ${nights}`;
  // Not NOT EXISTS: as a join it could read the calendars of all listings.
  yield sql`coalesce((SELECT NOT t.blocked && daterange(${checkIn}::date, ${checkOut}::date)
    FROM listing_calendar t WHERE t.listing_id = s.listing_id), true)`;
}

const isInside = ({ south, north, west, east }: Box) =>
  sql`(s.lat BETWEEN ${south} AND ${north} AND s.lng BETWEEN ${west} AND ${east})`;

const anyOf = (conditions: readonly RawQueryFragment[]) =>
  sql`(${conditions.reduce((before, next) => sql`${before} OR ${next}`)})`;
