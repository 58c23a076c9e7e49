import type { EntityManager } from '@mikro-orm/postgresql';
import type { PriceRules, StayRules } from '@roost/pricing';
import type { RoomType } from '../listing/listing.entity.js';
import { around, type Box, cellsOf, viewport } from './domain/area.js';
import { cityKey, ratingOrder } from './domain/search-row.js';
import type { SearchQuery } from './search.dto.js';

export type Order = 'score' | 'rank' | 'price' | '-price' | 'rating' | 'distance';

/** Where a scan goes on: behind the row with this value in the order, and this key. */
export interface Position {
  value: number;
  key: number;
}

export interface Scan {
  query: SearchQuery;
  nights: number | null;
  after: Position | null;
  limit: number;
}

/** A listing that the database can't rule out; the stay rules have the last word. */
export interface Candidate extends Position {
  id: string;
  title: string;
  city: string;
  lat: number;
  lng: number;
  coverId: string | null;
  roomType: RoomType;
  capacity: number;
  maxPets: number;
  timeZone: string;
  currency: string;
  instantBook: boolean;
  pricing: PriceRules;
  stayRules: StayRules;
  ratingCount: number;
  ratingSum: number;
}

class Sql {
  private constructor(
    readonly text: string,
    readonly params: readonly unknown[],
  ) {}

  static of(text: string, ...params: unknown[]): Sql {
    return new Sql(text, params);
  }

  static all(conditions: readonly Sql[]): Sql {
    if (conditions.length === 0) return Sql.of('true');
    return new Sql(
      conditions.map(({ text }) => text).join(' AND '),
      conditions.flatMap(({ params }) => params),
    );
  }
}

/** `relevance` is the match with the words where there are words, else how well the listing presents itself. */
export function orderOf(query: Pick<SearchQuery, 'sort' | 'q'>): Order {
  if (query.sort !== 'relevance') return query.sort;
  return query.q === undefined ? 'score' : 'rank';
}

/** The next candidates in order, at most `limit`. */
export async function scan(em: EntityManager, question: Scan): Promise<Candidate[]> {
  const { text, params } = scanSql(question);
  return em.execute<Candidate[]>(text, [...params]);
}

export function scanSql({ query, nights, after, limit }: Scan): Sql {
  const order = orderOf(query);
  const boxes = boxesOf(query);
  const filter = Sql.all([...filters(query, boxes, nights)]);
  const candidates =
    order === 'rank' || order === 'distance'
      ? computed(order, query, boxes, filter, after, limit)
      : indexed(order, boxes, filter, after, limit);
  return Sql.of(
    `SELECT c.value, c.key::float8 AS key, l.id, l.title, l.address ->> 'city' AS city,
            l.public_lat AS lat, l.public_lng AS lng, l.photos -> 0 ->> 'id' AS "coverId",
            l.room_type AS "roomType", l.capacity, l.max_pets AS "maxPets", l.time_zone AS "timeZone",
            l.currency, l.booking_mode = 'instant' AS "instantBook", l.pricing, l.stay_rules AS "stayRules",
            s.rating_count AS "ratingCount", s.rating_sum AS "ratingSum"
       FROM (${candidates.text}) c JOIN listing l ON l.key = c.key JOIN listing_search s ON s.key = c.key
      ORDER BY c.value ${DIRECTION[order]}, c.key ${DIRECTION[order]}`,
    ...candidates.params,
  );
}

const DIRECTION: Record<Order, 'ASC' | 'DESC'> = {
  score: 'DESC',
  rank: 'DESC',
  price: 'ASC',
  '-price': 'DESC',
  rating: 'DESC',
  distance: 'ASC',
};

const INDEXED = {
  score: ['s.score', 'integer'],
  price: ['s.price_minor', 'bigint'],
  '-price': ['s.price_minor', 'bigint'],
  rating: ['s.rating_order', 'integer'],
} as const;

/** Orders that an index holds: the first rows of each cell, merged, without reading the rest of the cell. */
function indexed(
  order: keyof typeof INDEXED,
  boxes: Box[] | null,
  filter: Sql,
  after: Position | null,
  limit: number,
): Sql {
  const [column, type] = INDEXED[order];
  const direction = DIRECTION[order];
  const rest = after === null ? Sql.of('true') : beyond(column, type, 's.key', direction, after);
  const first = (source: Sql): Sql =>
    Sql.of(
      `SELECT ${column}::float8 AS value, s.key FROM listing_search s
        WHERE ${source.text} AND ${filter.text} AND ${rest.text}
        ORDER BY ${column} ${direction}, s.key ${direction} LIMIT ?`,
      ...source.params,
      ...filter.params,
      ...rest.params,
      limit,
    );
  if (boxes === null) return first(Sql.of('true'));
  const { level, cells } = cellsOf(boxes);
  const perCell = first(Sql.of(`s.cell_${level} = cell.id`));
  return Sql.of(
    `SELECT near.value, near.key FROM unnest(?::int[]) AS cell (id) CROSS JOIN LATERAL (${perCell.text}) near
      ORDER BY near.value ${direction}, near.key ${direction} LIMIT ?`,
    `{${cells.join(',')}}`,
    ...perCell.params,
    limit,
  );
}

/** Orders that depend on the question: every match of the place or the words is weighed. */
function computed(
  order: 'rank' | 'distance',
  query: SearchQuery,
  boxes: Box[] | null,
  filter: Sql,
  after: Position | null,
  limit: number,
): Sql {
  const cover = boxes === null ? null : cellsOf(boxes);
  const place =
    cover === null
      ? Sql.of('true')
      : Sql.of(`s.cell_${cover.level} = ANY (?::int[])`, `{${cover.cells.join(',')}}`);
  const value =
    order === 'distance'
      ? metres(query)
      : Sql.of(
          `(SELECT ts_rank(l.words, websearch_to_tsquery('simple', ?)) FROM listing l WHERE l.key = s.key)::float8`,
          query.q,
        );
  const direction = DIRECTION[order];
  const rest = after === null ? Sql.of('true') : beyond('m.value', 'float8', 'm.key', direction, after);
  return Sql.of(
    `SELECT m.value, m.key FROM (
       SELECT ${value.text} AS value, s.key FROM listing_search s WHERE ${place.text} AND ${filter.text}
     ) m WHERE ${rest.text} ORDER BY m.value ${direction}, m.key ${direction} LIMIT ?`,
    ...value.params,
    ...place.params,
    ...filter.params,
    ...rest.params,
    limit,
  );
}

/** Compared in the column's own type: after a cast the index would be read from its start. */
function beyond(
  value: string,
  type: 'integer' | 'bigint' | 'float8',
  key: string,
  direction: 'ASC' | 'DESC',
  after: Position,
): Sql {
  return Sql.of(
    `(${value}, ${key}) ${direction === 'ASC' ? '>' : '<'} (?::${type}, ?::bigint)`,
    after.value,
    after.key,
  );
}

function boxesOf(query: SearchQuery): Box[] | null {
  if (query.bbox !== undefined) return viewport(query.bbox);
  if (query.near !== undefined && query.radiusKm !== undefined) return around(query.near, query.radiusKm);
  return null;
}

function metres(query: SearchQuery): Sql {
  if (query.near === undefined) throw new TypeError('a distance needs a point to be measured from');
  const { lat, lng } = query.near;
  return Sql.of(
    `(2 * 6371008.8 * asin(sqrt(least(1, sin(radians(s.lat - ?) / 2) ^ 2
       + cos(radians(?)) * cos(radians(s.lat)) * sin(radians(s.lng - ?) / 2) ^ 2))))`,
    lat,
    lat,
    lng,
  );
}

function* filters(query: SearchQuery, boxes: Box[] | null, nights: number | null): Generator<Sql> {
  // Read once per search: suspensions are few and count at once.
  yield Sql.of('s.host_id <> ALL (ARRAY(SELECT h.user_id FROM host h WHERE NOT h.active))');
  if (boxes !== null) {
    yield Sql.of(
      `(${boxes.map(() => '(s.lat BETWEEN ? AND ? AND s.lng BETWEEN ? AND ?)').join(' OR ')})`,
      ...boxes.flatMap(({ south, north, west, east }) => [south, north, west, east]),
    );
  }
  if (query.near !== undefined && query.radiusKm !== undefined) {
    const distance = metres(query);
    yield Sql.of(`${distance.text} <= ?`, ...distance.params, query.radiusKm * 1000);
  }
  if (query.city !== undefined) yield Sql.of('s.city = ?', cityKey(query.city));
  if (query.hostId !== undefined) yield Sql.of('s.host_id = ?', query.hostId);
  if (query.currency !== undefined) yield Sql.of('s.currency = ?', query.currency);
  if (query.minPrice !== undefined) yield Sql.of('s.price_minor >= ?', query.minPrice);
  if (query.maxPrice !== undefined) yield Sql.of('s.price_minor <= ?', query.maxPrice);
  if (query.guests !== undefined) yield Sql.of('s.capacity >= ?', query.guests);
  if (query.roomType !== undefined) yield Sql.of('s.room_type = ?', query.roomType);
  if (query.propertyType !== undefined) yield Sql.of('s.property_type = ?', query.propertyType);
  if (query.minBedrooms !== undefined) yield Sql.of('s.bedrooms >= ?', query.minBedrooms);
  if (query.minBeds !== undefined) yield Sql.of('s.beds >= ?', query.minBeds);
  if (query.minBathrooms !== undefined) yield Sql.of('s.bathrooms >= ?', query.minBathrooms);
  if (query.minRating !== undefined) yield Sql.of('s.rating_order >= ?', ratingOrder(query.minRating));
  if (query.instantBook !== undefined) yield Sql.of('s.instant_book = ?', query.instantBook);
  if (query.amenities !== undefined) {
    yield Sql.of('s.amenities @> ?::text[]', `{${query.amenities.join(',')}}`);
  }
  if (query.q !== undefined) {
    yield Sql.of(
      `s.key IN (SELECT l.key FROM listing l WHERE l.words @@ websearch_to_tsquery('simple', ?))`,
      query.q,
    );
  }
  if (nights !== null) {
    yield Sql.of('s.least_nights <= ? AND s.most_nights >= ?', nights, nights);
    yield Sql.of(
      `NOT EXISTS (SELECT FROM listing_calendar t
                    WHERE t.listing_id = s.listing_id AND t.blocked && daterange(?, ?))`,
      query.checkIn,
      query.checkOut,
    );
  }
}
