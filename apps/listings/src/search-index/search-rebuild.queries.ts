import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { PriceRules, StayRules } from '@roost/pricing';
import { type IndexableListing, updateSearchIndex } from './search-index.queries.js';

/** A rebuild reads the listings in the order of their keys, up to the highest key at its start. */
export interface SearchRebuild {
  position: number;
  lastKey: number;
  /** The number of listings that are read. */
  listings: number;
  /** The number of search rows that were missing, wrong or superfluous. */
  repaired: number;
  startedAt: string;
  finishedAt: string | null;
}

export interface SearchIndexCounts {
  published: number;
  rows: number;
  missing: number;
  superfluous: number;
}

const COLUMNS = sql`position::float8 AS position, last_key::float8 AS "lastKey", read_count::float8 AS listings,
  repaired_count::float8 AS repaired, started_at::text AS "startedAt", finished_at::text AS "finishedAt"`;

/** The current rebuild, or the last one. */
export async function findRebuild(em: EntityManager): Promise<SearchRebuild | null> {
  const [row] = await em.execute<SearchRebuild[]>(sql`SELECT ${COLUMNS} FROM search_rebuild`);
  return row ?? null;
}

/** Starts a rebuild. Continues an unfinished one unless `restart` is true. */
export async function startRebuild(em: EntityManager, restart: boolean, now: Date): Promise<void> {
  await em.execute(sql`
    INSERT INTO search_rebuild AS current (last_key, started_at)
    SELECT coalesce(max(key), 0), ${now}::timestamptz FROM listing
    ON CONFLICT (id) DO UPDATE SET position = 0, last_key = excluded.last_key, read_count = 0, repaired_count = 0,
      started_at = excluded.started_at, finished_at = NULL
     WHERE ${restart} OR current.finished_at IS NOT NULL`);
}

type RebuiltListing = IndexableListing & { key: number };

interface ListingRow extends Omit<RebuiltListing, 'approximateLocation' | 'photos'> {
  lat: number | null;
  lng: number | null;
  photos: unknown[];
  pricing: PriceRules | null;
  stayRules: StayRules;
}

/**
 * Rebuilds the search rows of the next listings. Requires READ COMMITTED: it locks the listings and then reads their current
 * rows, so that a concurrent change is either read here or writes its own search row afterwards. The lock on the
 * rebuild lets concurrent processes share it.
 */
export async function rebuildNext(
  em: EntityManager,
  limit: number,
  now: Date,
): Promise<SearchRebuild | null> {
  const [rebuild] = await em.execute<SearchRebuild[]>(
    sql`SELECT ${COLUMNS} FROM search_rebuild WHERE finished_at IS NULL FOR UPDATE`,
  );
  if (!rebuild) return null;
  const listings = await lockListings(em, rebuild, limit);
  const repaired = await updateSearchIndex(em, listings);
  const position = listings.at(-1)?.key ?? rebuild.lastKey;
  const [advanced] = await em.execute<SearchRebuild[]>(sql`
    UPDATE search_rebuild
       SET position = ${position}, read_count = read_count + ${listings.length},
           repaired_count = repaired_count + ${repaired},
           finished_at = CASE WHEN ${listings.length < limit} THEN ${now}::timestamptz END
    RETURNING ${COLUMNS}`);
  return advanced ?? null;
}

async function lockListings(
  em: EntityManager,
  { position, lastKey }: SearchRebuild,
  limit: number,
): Promise<RebuiltListing[]> {
  const rows = await em.execute<ListingRow[]>(sql`
    SELECT l.key::float8 AS key, id, status, description, photos, amenities, booking_mode AS "bookingMode",
           public_lat AS lat, public_lng AS lng, address, pricing, stay_rules AS "stayRules"
      FROM listing l WHERE l.key > ${position} AND l.key <= ${lastKey}
     ORDER BY l.key LIMIT ${limit} FOR NO KEY UPDATE`);
  return rows.map(({ lat, lng, ...row }) => ({
    ...row,
    approximateLocation: lat === null || lng === null ? null : { lat, lng },
  }));
}

/** Reads the keys of all listings. */
export async function countSearchRows(em: EntityManager): Promise<SearchIndexCounts> {
  const [counts] = await em.execute<[SearchIndexCounts]>(sql`
    SELECT count(*) FILTER (WHERE l.status = 'published')::float8 AS published, count(s.key)::float8 AS rows,
           count(*) FILTER (WHERE l.status = 'published' AND s.key IS NULL)::float8 AS missing,
           count(*) FILTER (WHERE l.status <> 'published' AND s.key IS NOT NULL)::float8 AS superfluous
      FROM listing l LEFT JOIN listing_search s ON s.key = l.key`);
  return counts;
}
