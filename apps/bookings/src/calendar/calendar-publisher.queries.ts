import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { executePrepared } from '@roost/platform';
import type { DateRange, IsoDate } from '@roost/stay';
import { occupied } from './occupied-nights.queries.js';

/** The class of the advisory lock; see calendar.queries.ts. */
const PUBLICATION_LOCK = 4102;

/** Locks in one order, so that two publishers of the same listings wait for each other. */
export async function lockPublications(
  em: EntityManager,
  calendarListingIds: readonly number[],
): Promise<void> {
  await executePrepared<{ locked: unknown }>(
    em,
    'calendar-publications-locked',
    sql`SELECT pg_advisory_xact_lock(${PUBLICATION_LOCK}::int, id) AS locked
     FROM (SELECT unnest(${calendarListingIds}::int[]) AS id ORDER BY 1) ids`,
  );
}

/** A condition on `m.listing_id`: an import has nights in this listing that are not live although no stay has them. */
const hasPendingImport = sql`EXISTS (
     SELECT FROM calendar_entry e
     WHERE e.listing_id = m.listing_id AND e.kind = 'import' AND NOT e.live
       AND NOT coalesce((
         SELECT range_agg(t.nights) FROM listing_space s JOIN calendar_entry t ON t.space_id = s.space_id
         WHERE s.listing_id = e.listing_id AND t.live AND t.kind = 'stay' AND t.nights && e.nights
       ), '{}'::datemultirange) @> e.nights)`;

/** At most `limit` listings with a mark; `hasPendingImport`: an import can claim nights that a stay has released. */
export async function findDirty(
  em: EntityManager,
  limit: number,
): Promise<{ calendarListingId: number; hasPendingImport: boolean }[]> {
  return await executePrepared<{ calendarListingId: number; hasPendingImport: boolean }>(
    em,
    'calendar-dirty',
    sql`SELECT m.listing_id AS "calendarListingId", ${hasPendingImport} AS "hasPendingImport"
     FROM (SELECT DISTINCT listing_id FROM calendar_mark LIMIT ${limit}::int) m`,
  );
}

/** Per listing the blocked nights from its `today` on, merged: the content of calendar.changed. */
export async function blockedRanges(
  em: EntityManager,
  listings: readonly { calendarListingId: number; today: IsoDate }[],
): Promise<Map<number, DateRange[]>> {
  const ids = listings.map(({ calendarListingId }) => calendarListingId);
  const firstDates = listings.map(({ today }) => today);
  const viewed = sql`(SELECT id, first, NULL::date FROM unnest(${ids}::bigint[], ${firstDates}::date[]) AS own (id, first))`;
  const rows = await executePrepared<DateRange & { listingId: number }>(
    em,
    'calendar-blocked',
    sql`${occupied(viewed)}
   SELECT viewed_id AS "listingId", to_char(lower(r), 'YYYY-MM-DD') AS "from", to_char(upper(r), 'YYYY-MM-DD') AS "to"
   FROM (SELECT viewed_id, unnest(range_agg(nights)) AS r FROM occupied GROUP BY viewed_id) merged ORDER BY 1, 2`,
  );
  const ranges = new Map(ids.map((id) => [id, [] as DateRange[]]));
  for (const { listingId, from, to } of rows) ranges.get(listingId)?.push({ from, to });
  return ranges;
}

/**
 * Deletes the marks of these listings and returns the listings that had one. Listings with a pending import keep their
 * marks, so that the released and the imported nights are published together.
 */
export async function takeDirty(
  em: EntityManager,
  calendarListingIds: readonly number[],
): Promise<{ calendarListingId: number; listingId: string; timeZone: string | null }[]> {
  return await executePrepared<{ calendarListingId: number; listingId: string; timeZone: string | null }>(
    em,
    'calendar-take-dirty',
    sql`WITH taken AS (
     DELETE FROM calendar_mark m WHERE listing_id = ANY(${calendarListingIds}::bigint[]) AND NOT ${hasPendingImport}
     RETURNING listing_id)
   SELECT l.id AS "calendarListingId", l.public_id AS "listingId", s.time_zone AS "timeZone"
   FROM calendar_listing l LEFT JOIN listing_snapshot s ON s.listing_id = l.public_id
   WHERE l.id IN (SELECT listing_id FROM taken) ORDER BY l.id`,
  );
}

/** Stores the blocked ranges of each listing; returns the listings whose ranges changed, with their new versions. */
export async function storeSnapshots(
  em: EntityManager,
  blocked: ReadonlyMap<number, readonly DateRange[]>,
  now: Date,
): Promise<{ calendarListingId: number; version: number }[]> {
  const ranges = [...blocked.values()].map((each) => JSON.stringify(each));
  return await executePrepared<{ calendarListingId: number; version: number }>(
    em,
    'calendar-store-snapshots',
    sql`INSERT INTO calendar_snapshot AS stored (listing_id, version, blocked, changed_at)
   SELECT computed.listing_id, 1, computed.blocked, now.at
   FROM unnest(${[...blocked.keys()]}::bigint[], ${ranges}::jsonb[]) AS computed (listing_id, blocked)
   CROSS JOIN (SELECT ${now}::timestamptz AS at) now
   WHERE computed.blocked <> '[]'
     OR EXISTS (SELECT FROM calendar_snapshot existing WHERE existing.listing_id = computed.listing_id)
   ON CONFLICT (listing_id) DO UPDATE SET version = stored.version + 1, blocked = excluded.blocked,
     changed_at = excluded.changed_at
   WHERE stored.blocked <> excluded.blocked RETURNING listing_id AS "calendarListingId", version`,
  );
}
