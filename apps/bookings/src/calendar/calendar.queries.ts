import type { EntityManager } from '@mikro-orm/postgresql';
import { PreparedStatement } from '@roost/platform';
import { addDays, type IsoDate } from '@roost/stay';

/**
 * The calendar's statements. In these tables `listing_id` is the listing's number (`calendar_listing.id`).
 * Nights are claimed by INSERT … ORDER BY … ON CONFLICT DO NOTHING and counted: claims in one order that wait for each
 * other instead of failing neither deadlock nor overlap. Before a claim, in a statement of its own (so that the claim sees
 * what the lock waited for), the listing's links are locked.
 */

/** Advisory locks come in classes, so that numbers of different things never meet: 4101 to 4103 are the calendar's. */
const linksLock = 4101;

export interface Stay {
  /** `calendar_listing.id` */
  calendarListingId: number;
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  preparationNights: number;
}

/** The rows that a stay takes: per space the stay itself and its preparation before and after, which neighbours may share. */
export const stayRows = `
  SELECT s.space_id, w.kind, w.nights
  FROM (SELECT ?::bigint AS listing_id, ?::date AS check_in, ?::date AS check_out, ?::int AS prep) stay
  JOIN listing_space s ON s.listing_id = stay.listing_id
  CROSS JOIN LATERAL (
    SELECT 'stay' AS kind, daterange(check_in, check_out) AS nights
    UNION ALL SELECT 'prep', daterange(check_in - prep, check_in) WHERE prep > 0
    UNION ALL SELECT 'prep', daterange(check_out, check_out + prep) WHERE prep > 0
  ) w`;

export const stayParams = (stay: Stay): unknown[] => [
  stay.calendarListingId,
  stay.checkInDate,
  stay.checkOutDate,
  stay.preparationNights,
];

/** Marks every listing that shares a space: its calendar.changed is computed once this transaction is over. */
export const markSharing = `
  INSERT INTO calendar_mark (listing_id)
  SELECT DISTINCT other.listing_id FROM listing_space own JOIN listing_space other USING (space_id)
  WHERE own.listing_id = ?::bigint`;

export async function lockLinks(em: EntityManager, calendarListingId: number): Promise<void> {
  await em.execute('SELECT pg_advisory_xact_lock_shared(?::int, ?::int)', [linksLock, calendarListingId]);
  // A transaction that began before the links changed would not see the change: it fails here and runs again.
  await em.execute('SELECT links_version FROM calendar_listing WHERE id = ? FOR SHARE', [calendarListingId]);
}

/** In one order, so that two who link the same listings wait for each other. */
export async function lockLinksToChange(em: EntityManager, calendarListingIds: number[]): Promise<void> {
  await em.execute(
    `SELECT pg_advisory_xact_lock(?::int, id) FROM (SELECT unnest(?::int[]) AS id ORDER BY 1) ids`,
    [linksLock, toArray(calendarListingIds)],
  );
}

/** The lock of a new booking, with what it is made from, in one round trip. */
export const lockLinksOfQuote = `pg_advisory_xact_lock_shared(${linksLock}, q.calendar_listing_id::int)`;

/**
 * Claims the nights of a stay for `ownerId`, whom nights that it has already never hinder; `changeId`: for a proposed
 * change. False: somebody has some of them, and what was claimed must be rolled back or released.
 */
export async function claimStay(
  em: EntityManager,
  ownerId: number,
  stay: Stay,
  changeId: string | null = null,
): Promise<boolean> {
  const [row] = await em.execute<[{ claimed: boolean }]>(
    `WITH wanted AS (${stayRows}),
     held AS (
       INSERT INTO calendar_entry (listing_id, space_id, owner_id, change_id, kind, nights, live)
       SELECT ?::bigint, space_id, ?::bigint, ?::uuid, kind, nights, true FROM wanted ORDER BY space_id, lower(nights)
       ON CONFLICT DO NOTHING RETURNING 1)
     SELECT (SELECT count(*) FROM held) IS NOT DISTINCT FROM (SELECT nullif(count(*), 0) FROM wanted) AS claimed`,
    [...stayParams(stay), stay.calendarListingId, ownerId, changeId],
  );
  return row.claimed;
}

/** Claims nights for a host's block, which may overlap other blocks and preparation, never a stay. */
export async function claimBlock(
  em: EntityManager,
  ownerId: number,
  block: { calendarListingId: number; from: IsoDate; to: IsoDate },
): Promise<boolean> {
  const [row] = await em.execute<[{ claimed: boolean }]>(
    `WITH wanted AS (SELECT space_id FROM listing_space WHERE listing_id = ?),
     held AS (
       INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
       SELECT ?::bigint, space_id, ?::bigint, 'block', daterange(?::date, ?::date), true FROM wanted ORDER BY space_id
       ON CONFLICT DO NOTHING RETURNING 1)
     SELECT (SELECT count(*) FROM held) IS NOT DISTINCT FROM (SELECT nullif(count(*), 0) FROM wanted) AS claimed`,
    [block.calendarListingId, block.calendarListingId, ownerId, block.from, block.to],
  );
  return row.claimed;
}

export async function release(em: EntityManager, ownerId: number): Promise<void> {
  await em.execute('DELETE FROM calendar_entry WHERE owner_id = ?', [ownerId]);
}

/** What a change holds for its booking. */
export async function releaseChange(em: EntityManager, ownerId: number, changeId: string): Promise<void> {
  await em.execute('DELETE FROM calendar_entry WHERE owner_id = ? AND change_id = ?', [ownerId, changeId]);
}

/** The nights that a change holds become those of its booking, which gives up the old ones. */
export async function takeOverFromChange(
  em: EntityManager,
  ownerId: number,
  changeId: string,
): Promise<void> {
  await em.execute('DELETE FROM calendar_entry WHERE owner_id = ? AND change_id IS NULL', [ownerId]);
  // The nights stay as they are, so there is nothing for the constraint to meet.
  await em.execute('UPDATE calendar_entry SET change_id = NULL WHERE owner_id = ? AND change_id = ?', [
    ownerId,
    changeId,
  ]);
}

export async function mark(em: EntityManager, calendarListingId: number): Promise<void> {
  await em.execute(markSharing, [calendarListingId]);
}

export async function nextOwner(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ id: string }]>(`SELECT nextval('calendar_owner') AS id`);
  return Number(row.id);
}

/** A hold that has run out counts as gone, although its sweeper may not have come by yet; so do nights held for a change. */
const ranOut = `(b.state IN ('pending_payment', 'awaiting_host', 'awaiting_capture') OR e.change_id IS NOT NULL)
  AND b.due_at <= ?`;

const inTheWay = `
  FROM (${stayRows}) w
  JOIN calendar_entry e ON e.live AND e.space_id = w.space_id AND e.nights && w.nights
    AND 'stay' IN (e.kind, w.kind)
  LEFT JOIN booking b ON b.owner_id = e.owner_id`;

export async function isFree(em: EntityManager, stay: Stay, now: Date): Promise<boolean> {
  const [row] = await em.execute<[{ free: boolean }]>(
    `SELECT NOT EXISTS (SELECT ${inTheWay} WHERE b.id IS NULL OR NOT (${ranOut})) AS free`,
    [...stayParams(stay), now],
  );
  return row.free;
}

const stale = new PreparedStatement<{ id: string }>(
  'calendar-stale',
  `SELECT DISTINCT b.id ${inTheWay} WHERE ${ranOut} ORDER BY b.id LIMIT 100`,
);

/** The bookings whose time has run out and that only keep others from these nights; in one order, in which they are ended. */
export async function findStaleHolds(em: EntityManager, stay: Stay, now: Date): Promise<string[]> {
  const rows = await stale.execute(em, [...stayParams(stay), now]);
  return rows.map((row) => row.id);
}

export interface OccupiedNights {
  from: IsoDate;
  to: IsoDate;
  reason: 'booking' | 'hold' | 'preparation' | 'block' | 'import' | 'linked';
  bookingId: string | null;
  blockId: string | null;
}

/**
 * Per listing everything that takes its nights between two dates, with why: a stay also takes what the listing needs to
 * prepare.
 */
export async function occupiedNights(
  em: EntityManager,
  calendarListingIds: readonly number[],
  from: IsoDate,
  to: IsoDate,
): Promise<Map<number, OccupiedNights[]>> {
  const rows = await occupying.execute(em, [from, to, calendarListingIds]);
  const nights = new Map(calendarListingIds.map((id) => [id, [] as OccupiedNights[]]));
  for (const { listingId, ...taken } of rows) nights.get(listingId)?.push(taken);
  return nights;
}

export interface OwnedNights {
  ownerId: string;
  kind: 'stay' | 'prep' | 'block' | 'import';
  from: IsoDate;
  to: IsoDate;
}

/**
 * Whose which nights are, whole, for what lasts beyond `today`. What came from feeds is left out unless it is asked for: two
 * calendars that pass on what they read of each other would keep a stay that is long cancelled.
 */
export async function nightsToExport(
  em: EntityManager,
  calendarListingId: number,
  today: IsoDate,
  withFeeds: boolean,
): Promise<OwnedNights[]> {
  return await em.execute<OwnedNights[]>(
    `${occupied('(SELECT ?::bigint, ?::date, NULL::date)')}
     SELECT owned.owner_id AS "ownerId", kind, to_char(lower(r), 'YYYY-MM-DD') AS "from", to_char(upper(r), 'YYYY-MM-DD') AS "to"
     FROM (
       SELECT owner_id, kind, unnest(range_agg(nights)) AS r FROM occupied o
       WHERE ?::boolean OR o.kind <> 'import' OR NOT EXISTS (SELECT FROM calendar_feed f WHERE f.owner_id = o.owner_id)
       GROUP BY owner_id, kind) owned
     WHERE upper(r) > ?::date ORDER BY lower(r), upper(r), owned.owner_id, kind`,
    [calendarListingId, addDays(today, -LONGEST_PAST_DAYS), withFeeds, today],
  );
}

/** A stay that is under way is still the same: it is not cut at today. */
const LONGEST_PAST_DAYS = 1_000;

/**
 * A stay is widened by the preparation that this listing would need beside it; what is wanted is cut to size.
 * `viewed`: rows of listing_id, first, last.
 */
export const occupied = (viewed: string) => `
  WITH occupied AS (
    SELECT DISTINCT v.listing_id AS viewed_id, e.listing_id, e.owner_id, e.change_id, x.kind,
      x.nights * daterange(v.first, v.last) AS nights
    FROM ${viewed} AS v (listing_id, first, last)
    JOIN calendar_listing l ON l.id = v.listing_id
    LEFT JOIN listing_snapshot r ON r.listing_id = l.public_id
    JOIN listing_space s ON s.listing_id = v.listing_id
    JOIN calendar_entry e ON e.live AND e.space_id = s.space_id
    CROSS JOIN LATERAL (SELECT coalesce((r.stay_rules ->> 'preparationNights')::int, 0) AS prep) p
    CROSS JOIN LATERAL (
      SELECT e.kind, e.nights
      UNION ALL SELECT 'prep', daterange(lower(e.nights) - prep, lower(e.nights)) WHERE e.kind = 'stay' AND prep > 0
      UNION ALL SELECT 'prep', daterange(upper(e.nights), upper(e.nights) + prep) WHERE e.kind = 'stay' AND prep > 0
    ) x
    WHERE x.nights && daterange(v.first, v.last) AND e.nights && daterange(v.first - prep, v.last + prep)
  )`;

const occupying = new PreparedStatement<OccupiedNights & { listingId: number }>(
  'calendar-occupied',
  `${occupied('(SELECT id, ?::date, ?::date FROM unnest(?::bigint[]) AS own (id))')}
     SELECT viewed_id AS "listingId", to_char(lower(nights), 'YYYY-MM-DD') AS "from", to_char(upper(nights), 'YYYY-MM-DD') AS "to",
       CASE WHEN o.listing_id <> o.viewed_id THEN 'linked'
            WHEN o.kind = 'prep' THEN 'preparation'
            WHEN o.kind <> 'stay' THEN o.kind
            WHEN b.state IN ('pending_payment', 'awaiting_host', 'awaiting_capture') OR o.change_id IS NOT NULL THEN 'hold'
            ELSE 'booking' END AS reason,
       CASE WHEN o.listing_id = o.viewed_id THEN b.id END AS "bookingId",
       CASE WHEN o.listing_id = o.viewed_id THEN k.id END AS "blockId"
     FROM occupied o
     LEFT JOIN booking b ON b.owner_id = o.owner_id
     LEFT JOIN calendar_block k ON k.owner_id = o.owner_id
     ORDER BY (o.kind = 'prep'), (o.change_id IS NOT NULL), lower(nights)`,
);

/** As a part of a statement: the numbers of a host's listings. */
export const listingsOfHost = `
  SELECT l.id FROM listing_snapshot s JOIN calendar_listing l ON l.public_id = s.listing_id WHERE s.host_id = ?`;

/** What a host wrote beside blocked nights, and the addresses under which others read these calendars. */
export async function eraseHostNotes(em: EntityManager, hostId: string): Promise<void> {
  await em.execute(
    `UPDATE calendar_block SET note = '' WHERE note <> '' AND listing_id IN (${listingsOfHost})`,
    [hostId],
  );
  await em.execute(`DELETE FROM calendar_export WHERE listing_id IN (${listingsOfHost})`, [hostId]);
}

/** The listings that share a space with this one, itself included. */
export async function sharing(em: EntityManager, calendarListingId: number): Promise<number[]> {
  const rows = await em.execute<{ id: string }[]>(
    `SELECT DISTINCT other.listing_id AS id FROM listing_space own JOIN listing_space other USING (space_id)
     WHERE own.listing_id = ?`,
    [calendarListingId],
  );
  return rows.map((row) => Number(row.id));
}

export const toArray = (ids: readonly (number | string)[]): string => `{${ids.join(',')}}`;
