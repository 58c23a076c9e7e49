import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import type { PriceRules, StayRules } from '@roost/pricing';
import { cellOf, type Level } from '../geo/domain/area.js';
import type { Point } from '../geo/domain/point.js';
import { cityKey, score, smallestMinNights } from './domain/search-row.js';

/** The column of a search row `s` with its cell at a level; for the finest level the indexed expression of Migration0016. */
export const CELL_COLUMN: Record<Level, RawQueryFragment> = {
  3: sql`s.cell_3`,
  6: sql`s.cell_6`,
  9: sql`s.cell_9`,
  12: sql`s.cell_12`,
  14: sql`search_cell_14(s.lat, s.lng)`,
};

/** The part of a listing that the index reads in memory. `updateSearchIndex` reads the other columns from `listing`. */
export interface IndexableListing {
  readonly id: string;
  readonly status: string;
  readonly description: string;
  readonly photos: readonly unknown[];
  readonly amenities: readonly string[];
  readonly bookingMode: 'instant' | 'request';
  readonly approximateLocation: Point | null;
  readonly address: { readonly city: string } | null;
  readonly pricing: PriceRules | null;
  readonly stayRules: StayRules;
}

/** The computed columns of a search row. */
interface SearchRow {
  id: string;
  cell_3: number;
  cell_6: number;
  cell_9: number;
  cell_12: number;
  city: string;
  score: number;
  price_minor: number;
  min_nights: number;
  max_nights: number;
}

/**
 * Writes the search rows of published listings and deletes those of all others. Returns the number of changed rows.
 * The rows of `listing` must be flushed before.
 */
export async function updateSearchIndex(
  em: EntityManager,
  listings: readonly IndexableListing[],
): Promise<number> {
  const hiddenIds: string[] = [];
  const rows: SearchRow[] = [];
  for (const listing of listings) {
    const row = searchRow(listing);
    if (row === null) hiddenIds.push(listing.id);
    else rows.push(row);
  }
  let changed = 0;
  if (hiddenIds.length > 0) changed += await deleteSearchRows(em, hiddenIds);
  if (rows.length > 0) changed += await upsertSearchRows(em, rows);
  const ids = listings.map(({ id }) => id);
  // The sweep of places counts later: concurrent changes in one city do not wait for each other here.
  if (ids.length > 0) {
    await em.execute(sql`INSERT INTO place_change (listing_id) SELECT unnest(ARRAY[${ids}]::uuid[])`);
  }
  return changed;
}

/** The sweep of places looks at all listings of a host again. */
export async function recountPlacesOfHost(em: EntityManager, hostId: string): Promise<void> {
  await em.execute(sql`
    INSERT INTO place_change (listing_id) SELECT listing_id FROM listing_search WHERE host_id = ${hostId}`);
}

async function deleteSearchRows(em: EntityManager, ids: readonly string[]): Promise<number> {
  const deleted = await em.execute<object[]>(
    sql`DELETE FROM listing_search WHERE listing_id = ANY(ARRAY[${ids}]::uuid[]) RETURNING key`,
  );
  return deleted.length;
}

/**
 * Also writes the row in `listing_rating`, although its values do not change: a concurrent `rating.changed` then
 * conflicts, is retried, and updates the new search row. A search row without a difference is not written.
 */
async function upsertSearchRows(em: EntityManager, rows: readonly SearchRow[]): Promise<number> {
  const changed = await em.execute<object[]>(sql`
    WITH computed AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (id uuid, cell_3 integer, cell_6 integer,
        cell_9 integer, cell_12 integer, city text, score integer, price_minor bigint, min_nights integer,
        max_nights integer)),
    rating AS (
      INSERT INTO listing_rating AS current (listing_id, version, rating_count, rating_sum)
      SELECT id, 0, 0, 0 FROM computed ORDER BY id
      ON CONFLICT (listing_id) DO UPDATE SET version = current.version
      RETURNING listing_id, rating_count, rating_sum)
    INSERT INTO listing_search AS current (key, listing_id, host_id, lat, lng, cell_3, cell_6, cell_9, cell_12, city,
           score, price_minor, currency, room_type, property_type, capacity, bedrooms, beds, bathrooms,
           instant_book, amenities, min_nights, max_nights, rating_count, rating_sum)
    SELECT l.key, l.id, l.host_id, l.public_lat, l.public_lng, c.cell_3, c.cell_6, c.cell_9, c.cell_12, c.city,
           c.score, c.price_minor, l.currency, l.room_type, l.property_type, l.capacity, l.bedrooms, l.beds, l.bathrooms,
           l.booking_mode = 'instant', l.amenities, c.min_nights, c.max_nights, r.rating_count, r.rating_sum
      FROM computed c JOIN listing l ON l.id = c.id JOIN rating r ON r.listing_id = c.id
    ON CONFLICT (key) DO UPDATE SET
      lat = excluded.lat, lng = excluded.lng,
      cell_3 = excluded.cell_3, cell_6 = excluded.cell_6, cell_9 = excluded.cell_9, cell_12 = excluded.cell_12,
      city = excluded.city, score = excluded.score, price_minor = excluded.price_minor,
      currency = excluded.currency, room_type = excluded.room_type, property_type = excluded.property_type,
      capacity = excluded.capacity, bedrooms = excluded.bedrooms, beds = excluded.beds,
      bathrooms = excluded.bathrooms, instant_book = excluded.instant_book, amenities = excluded.amenities,
      min_nights = excluded.min_nights, max_nights = excluded.max_nights,
      rating_count = excluded.rating_count, rating_sum = excluded.rating_sum
     WHERE (current.*) IS DISTINCT FROM (excluded.*)
    RETURNING key`);
  return changed.length;
}

/** Null for a listing that is not public. */
function searchRow(listing: IndexableListing): SearchRow | null {
  const { approximateLocation: point, address, pricing } = listing;
  if (listing.status !== 'published' || point === null || address === null || pricing === null) return null;
  return {
    id: listing.id,
    cell_3: cellOf(point, 3),
    cell_6: cellOf(point, 6),
    cell_9: cellOf(point, 9),
    cell_12: cellOf(point, 12),
    city: cityKey(address.city),
    score: score(listing),
    price_minor: pricing.basePriceMinor,
    min_nights: smallestMinNights(listing.stayRules),
    max_nights: listing.stayRules.maxNights,
  };
}
