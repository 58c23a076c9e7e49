import type { EntityManager } from '@mikro-orm/postgresql';
import { PreparedStatement } from '@roost/platform';
import type { IsoDate } from '@roost/stay';
import { occupied } from './calendar.queries.js';

/** See calendar.queries.ts. */
const announcementLock = 4102;

const announcementsLocked = new PreparedStatement<{ locked: unknown }>(
  'calendar-announcements-locked',
  `SELECT pg_advisory_xact_lock(${announcementLock}, id) AS locked
   FROM (SELECT unnest(?::int[]) AS id ORDER BY 1) ids`,
);

/** In one order, so that two who announce the same listings wait for each other. */
export async function lockPublications(
  em: EntityManager,
  calendarListingIds: readonly number[],
): Promise<void> {
  await announcementsLocked.execute(em, [calendarListingIds]);
}

/** An import of listing `m` wants nights there that no stay has any more. */
const hasPendingImport = `EXISTS (
     SELECT FROM calendar_entry e
     WHERE e.listing_id = m.listing_id AND e.kind = 'import' AND NOT e.live
       AND NOT coalesce((
         SELECT range_agg(t.nights) FROM listing_space s JOIN calendar_entry t ON t.space_id = s.space_id
         WHERE s.listing_id = e.listing_id AND t.live AND t.kind = 'stay' AND t.nights && e.nights
       ), '{}'::datemultirange) @> e.nights)`;

const due = new PreparedStatement<{ calendarListingId: number; hasPendingImport: boolean }>(
  'calendar-due',
  `SELECT m.listing_id AS "calendarListingId", ${hasPendingImport} AS "hasPendingImport"
   FROM (SELECT DISTINCT listing_id FROM calendar_mark LIMIT ?::int) m`,
);

/** Some listings that have a mark; `hasPendingImport`: an import wants nights there that no stay has any more. */
export async function dueListings(
  em: EntityManager,
  limit: number,
): Promise<{ calendarListingId: number; hasPendingImport: boolean }[]> {
  return await due.execute(em, [limit]);
}

const blocked = new PreparedStatement<{ listingId: number; from: IsoDate; to: IsoDate }>(
  'calendar-blocked',
  `${occupied('(SELECT id, first, NULL::date FROM unnest(?::bigint[], ?::date[]) AS own (id, first))')}
   SELECT viewed_id AS "listingId", to_char(lower(r), 'YYYY-MM-DD') AS "from", to_char(upper(r), 'YYYY-MM-DD') AS "to"
   FROM (SELECT viewed_id, unnest(range_agg(nights)) AS r FROM occupied GROUP BY viewed_id) merged ORDER BY 1, 2`,
);

/** Per listing the nights that nobody else can stay, merged, from its `today` on: what the world is told. */
export async function blockedRanges(
  em: EntityManager,
  listings: readonly { calendarListingId: number; today: IsoDate }[],
): Promise<Map<number, { from: IsoDate; to: IsoDate }[]>> {
  const rows = await blocked.execute(em, [
    listings.map(({ calendarListingId }) => calendarListingId),
    listings.map(({ today }) => today),
  ]);
  const ranges = new Map(listings.map(({ calendarListingId }) => [calendarListingId, [] as typeof rows]));
  for (const row of rows) ranges.get(row.listingId)?.push(row);
  return new Map([...ranges].map(([id, own]) => [id, own.map(({ from, to }) => ({ from, to }))]));
}

/**
 * Takes the marks of these listings away and says whose they were. Where an import wants nights that came free since they
 * were looked at, the marks stay: what left one of them is seen together with it.
 */
export async function takeDirty(
  em: EntityManager,
  calendarListingIds: readonly number[],
): Promise<{ calendarListingId: number; listingId: string; timeZone: string | null }[]> {
  return await marked.execute(em, [calendarListingIds]);
}

const marked = new PreparedStatement<{
  calendarListingId: number;
  listingId: string;
  timeZone: string | null;
}>(
  'calendar-marked',
  `WITH gone AS (
     DELETE FROM calendar_mark m WHERE listing_id = ANY(?::bigint[]) AND NOT ${hasPendingImport} RETURNING listing_id)
   SELECT l.id AS "calendarListingId", l.public_id AS "listingId", s.time_zone AS "timeZone"
   FROM calendar_listing l LEFT JOIN listing_snapshot s ON s.listing_id = l.public_id
   WHERE l.id IN (SELECT listing_id FROM gone) ORDER BY l.id`,
);

/** Keeps what the world is told of each listing; gives back those for which it is news, with their new versions. */
export async function keepSnapshots(
  em: EntityManager,
  told: ReadonlyMap<number, readonly { from: IsoDate; to: IsoDate }[]>,
  now: Date,
): Promise<{ calendarListingId: number; version: number }[]> {
  return await kept.execute(em, [
    [...told.keys()],
    [...told.values()].map((ranges) => JSON.stringify(ranges)),
    now,
  ]);
}

const kept = new PreparedStatement<{ calendarListingId: number; version: number }>(
  'calendar-kept',
  `INSERT INTO calendar_snapshot AS known (listing_id, version, blocked, changed_at)
   SELECT said.listing_id, 1, said.blocked, now.at
   FROM unnest(?::bigint[], ?::jsonb[]) AS said (listing_id, blocked) CROSS JOIN (SELECT ?::timestamptz AS at) now
   WHERE said.blocked <> '[]' OR EXISTS (SELECT FROM calendar_snapshot k WHERE k.listing_id = said.listing_id)
   ON CONFLICT (listing_id) DO UPDATE SET version = known.version + 1, blocked = excluded.blocked,
     changed_at = excluded.changed_at
   WHERE known.blocked <> excluded.blocked RETURNING listing_id AS "calendarListingId", version`,
);
