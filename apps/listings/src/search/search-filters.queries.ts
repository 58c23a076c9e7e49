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
  return sql`(2 * ${EARTH_RADIUS_METRES} * asin(sqrt(least(1, sin(radians(s.lat - ${lat}) / 2) ^ 2
    + cos(radians(${lat})) * cos(radians(s.lat)) * sin(radians(s.lng - ${lng}) / 2) ^ 2))))`;
}

function* placeFilters(query: SearchQuery, boxes: Box[] | null): Generator<RawQueryFragment> {
  if (boxes !== null) yield anyOf(boxes.map(isInside));
  if (query.near !== undefined && query.radiusKm !== undefined) {
    yield sql`${distanceTo(query.near)} <= ${query.radiusKm * 1000}`;
  }
  if (query.city !== undefined) yield sql`s.city = ${cityKey(query.city)}`;
}

function* attributeFilters(query: SearchQuery): Generator<RawQueryFragment> {
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

function* stayFilters({ checkIn, checkOut }: SearchQuery, nights: number): Generator<RawQueryFragment> {
  yield sql`s.min_nights <= ${nights} AND s.max_nights >= ${nights}`;
  yield sql`NOT EXISTS (SELECT FROM listing_calendar t
    WHERE t.listing_id = s.listing_id AND t.blocked && daterange(${checkIn}, ${checkOut}))`;
}

const isInside = ({ south, north, west, east }: Box) =>
  sql`(s.lat BETWEEN ${south} AND ${north} AND s.lng BETWEEN ${west} AND ${east})`;

const anyOf = (conditions: readonly RawQueryFragment[]) =>
  sql`(${conditions.reduce((before, next) => sql`${before} OR ${next}`)})`;
