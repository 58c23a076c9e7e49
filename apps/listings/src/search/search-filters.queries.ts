import { type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import type { Box } from '../geo/domain/area.js';
import { EARTH_RADIUS_METRES, type Point } from '../geo/domain/point.js';
import { cityKey, ratingOrder } from '../search-index/domain/search-row.js';
import { capacityOf, type SearchQuery } from './search.dto.js';

export function allOf(conditions: readonly RawQueryFragment[]): RawQueryFragment {
  return conditions.reduce((before, next) => sql`${before} AND ${next}`, sql`true`);
}

/** The conditions of a search on `listing_search s`. `nights` is null for a search without dates. */
export function* searchFilters(
  query: SearchQuery,
  boxes: Box[] | null,
  nights: number | null,
): Generator<RawQueryFragment> {
  // An array of the few inactive hosts, read once per search, instead of a subquery per row.
  yield sql`s.host_id <> ALL (ARRAY(SELECT a.user_id FROM account_standing a WHERE a.status <> 'active'))`;
  yield* placeFilters(query, boxes);
  yield* attributeFilters(query);
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

function* placeFilters(query: SearchQuery, boxes: Box[] | null): Generator<RawQueryFragment> {
  if (boxes !== null) yield anyOf(boxes.map(isInside));
  if (query.near !== undefined && query.radiusKm !== undefined) {
    yield sql`${distanceTo(query.near)} <= ${query.radiusKm * 1000}`;
  }
  if (query.city !== undefined) yield sql`s.city = ${cityKey(query.city)}`;
}

const MAX_PRICE = Number.MAX_SAFE_INTEGER;

/** The text does not depend on the filters that are set, except those with an index of their own. */
function* attributeFilters(query: SearchQuery): Generator<RawQueryFragment> {
  if (query.hostId !== undefined) yield sql`s.host_id = ${query.hostId}`;
  if (query.ids !== undefined) yield sql`s.listing_id = ANY (ARRAY[${query.ids}]::uuid[])`;
  yield sql`s.price_minor BETWEEN ${query.minPrice ?? 0}::bigint AND ${query.maxPrice ?? MAX_PRICE}::bigint`;
  yield sql`s.capacity >= ${capacityOf(query) ?? 0}`;
  yield sql`s.rating_order >= ${query.minRating === undefined ? 0 : ratingOrder(query.minRating)}`;
  yield unlessNull(query.currency, (value) => sql`s.currency = ${value}::text`);
  yield unlessNull(query.roomType, (value) => sql`s.room_type = ${value}::text`);
  yield unlessNull(query.propertyType, (value) => sql`s.property_type = ${value}::text`);
  yield unlessNull(query.minBedrooms, (value) => sql`s.bedrooms >= ${value}::int`);
  yield unlessNull(query.minBeds, (value) => sql`s.beds >= ${value}::int`);
  yield unlessNull(query.minBathrooms, (value) => sql`s.bathrooms >= ${value}::float8`);
  yield unlessNull(query.instantBook, (value) => sql`s.instant_book = ${value}::boolean`);
  const amenities = query.amenities === undefined ? undefined : `{${query.amenities.join(',')}}`;
  yield unlessNull(amenities, (value) => sql`s.amenities @> ${value}::text[]`);
}

/** True for every row, also one without a value, if the filter is not set. */
const unlessNull = <Value>(
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
