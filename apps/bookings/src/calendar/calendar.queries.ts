import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { executePrepared } from '@roost/platform';
import type { IsoDate } from '@roost/stay';

/**
 * The statements that claim and release nights. In the calendar's tables `listing_id` is `calendar_listing.id`.
 * Nights are claimed by INSERT … ORDER BY … ON CONFLICT DO NOTHING and counted: claims in one order wait for each other
 * instead of failing, so they neither deadlock nor overlap. Before a claim, the links of the listing are locked in a
 * separate statement, so that the claim sees the changes that the lock waited for.
 */

/** Advisory locks have classes, so that ids of different tables never collide. The calendar has 4101 to 4103. */
const LINKS_LOCK = 4101;

/** The nights of a stay, and the preparation nights before and after it. */
export interface StayNights {
  /** `calendar_listing.id` */
  calendarListingId: number;
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  preparationNights: number;
  /** The owner that requests them, if it already has nights. */
  ownerId?: number;
}

/** The rows that a stay needs per space: the stay, and the preparation before and after it, which neighbours may share. */
export const stayRows = (stay: StayNights) => sql`
  SELECT s.space_id, part.kind, part.nights
  FROM (
    SELECT ${stay.calendarListingId}::bigint AS listing_id, ${stay.checkInDate}::date AS check_in,
      ${stay.checkOutDate}::date AS check_out, ${stay.preparationNights}::int AS prep) stay
  JOIN listing_space s ON s.listing_id = stay.listing_id
  CROSS JOIN LATERAL (
    SELECT 'stay' AS kind, daterange(check_in, check_out) AS nights
    UNION ALL SELECT 'prep', daterange(check_in - prep, check_in) WHERE prep > 0
    UNION ALL SELECT 'prep', daterange(check_out, check_out + prep) WHERE prep > 0
  ) part`;

/** Marks each listing that shares a space: its calendar.changed is computed after this transaction. */
export const markSharingListings = (calendarListingId: number) => sql`
  INSERT INTO calendar_mark (listing_id)
  SELECT DISTINCT other.listing_id FROM listing_space own JOIN listing_space other USING (space_id)
  WHERE own.listing_id = ${calendarListingId}::bigint`;

export async function lockLinks(em: EntityManager, calendarListingId: number): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock_shared(${LINKS_LOCK}::int, ${calendarListingId}::int)`);
  // A transaction that began before the links changed does not see the change: it fails here and is retried.
  await em.execute(sql`SELECT links_version FROM calendar_listing WHERE id = ${calendarListingId} FOR SHARE`);
}

/** Locks in one order, so that two transactions that link the same listings wait for each other. */
export async function lockLinksToChange(
  em: EntityManager,
  calendarListingIds: readonly number[],
): Promise<void> {
  await em.execute(sql`
    SELECT pg_advisory_xact_lock(${LINKS_LOCK}::int, id)
    FROM (SELECT unnest(ARRAY[${calendarListingIds}]::int[]) AS id ORDER BY 1) ids`);
}

/** The lock of a new booking, taken in the round trip that loads its quote `q`. */
export const lockLinksOfQuote = sql`pg_advisory_xact_lock_shared(${LINKS_LOCK}::int, q.calendar_listing_id::int)`;

/**
 * Claims the nights of a stay for `ownerId`; nights that the owner already has do not conflict. `changeId`: the claim is
 * for a proposed change. Returns false if another owner has some of the nights: roll back or release.
 */
export async function claimStay(
  em: EntityManager,
  ownerId: number,
  stay: StayNights,
  changeId: string | null = null,
): Promise<boolean> {
  const [row] = await em.execute<[{ complete: boolean }]>(sql`
    WITH requested AS (${stayRows(stay)}),
    claimed AS (
      INSERT INTO calendar_entry (listing_id, space_id, owner_id, change_id, kind, nights, live)
      SELECT ${stay.calendarListingId}::bigint, space_id, ${ownerId}::bigint, ${changeId}::uuid, kind, nights, true
      FROM requested ORDER BY space_id, lower(nights)
      ON CONFLICT DO NOTHING RETURNING 1)
    SELECT (SELECT count(*) FROM claimed) IS NOT DISTINCT FROM (SELECT nullif(count(*), 0) FROM requested) AS complete`);
  return row.complete;
}

/** Claims nights for a host's block. A block may overlap other blocks and preparation nights, but no stay. */
export async function claimBlock(
  em: EntityManager,
  ownerId: number,
  block: { calendarListingId: number; from: IsoDate; to: IsoDate },
): Promise<boolean> {
  const { calendarListingId, from, to } = block;
  const [row] = await em.execute<[{ complete: boolean }]>(sql`
    WITH requested AS (SELECT space_id FROM listing_space WHERE listing_id = ${calendarListingId}),
    claimed AS (
      INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
      SELECT ${calendarListingId}::bigint, space_id, ${ownerId}::bigint, 'block', daterange(${from}::date, ${to}::date), true
      FROM requested ORDER BY space_id
      ON CONFLICT DO NOTHING RETURNING 1)
    SELECT (SELECT count(*) FROM claimed) IS NOT DISTINCT FROM (SELECT nullif(count(*), 0) FROM requested) AS complete`);
  return row.complete;
}

export async function release(em: EntityManager, ownerId: number): Promise<void> {
  await em.execute(sql`DELETE FROM calendar_entry WHERE owner_id = ${ownerId}`);
}

/** Releases the nights that a change holds for its booking. */
export async function releaseChange(em: EntityManager, ownerId: number, changeId: string): Promise<void> {
  await em.execute(sql`DELETE FROM calendar_entry WHERE owner_id = ${ownerId} AND change_id = ${changeId}`);
}

/** Replaces the nights of a booking by the nights that its change holds. */
export async function replaceByChange(em: EntityManager, ownerId: number, changeId: string): Promise<void> {
  await em.execute(sql`DELETE FROM calendar_entry WHERE owner_id = ${ownerId} AND change_id IS NULL`);
  // The nights do not change, so the update can't violate the constraint.
  await em.execute(sql`
    UPDATE calendar_entry SET change_id = NULL WHERE owner_id = ${ownerId} AND change_id = ${changeId}`);
}

/** Marks this listing and the listings that share a space with it as changed. */
export async function markDirty(em: EntityManager, calendarListingId: number): Promise<void> {
  await em.execute(markSharingListings(calendarListingId));
}

export async function nextOwner(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ id: string }]>(sql`SELECT nextval('calendar_owner') AS id`);
  return Number(row.id);
}

/** Expired holds, and expired nights of a change, are not counted even before a sweep has ended them. */
const hasExpired = (now: Date) =>
  sql`(b.state IN ('pending_payment', 'awaiting_host', 'awaiting_capture') OR e.change_id IS NOT NULL) AND b.due_at <= ${now}`;

const conflictingEntries = (stay: StayNights) => sql`
  FROM (${stayRows(stay)}) requested
  JOIN calendar_entry e ON e.live AND e.space_id = requested.space_id AND e.nights && requested.nights
    AND 'stay' IN (e.kind, requested.kind)
  LEFT JOIN booking b ON b.owner_id = e.owner_id`;

export async function isFree(em: EntityManager, stay: StayNights, now: Date): Promise<boolean> {
  const [row] = await em.execute<[{ free: boolean }]>(sql`
    SELECT NOT EXISTS (SELECT ${conflictingEntries(stay)} WHERE (b.id IS NULL OR NOT (${hasExpired(now)}))
      AND e.owner_id IS DISTINCT FROM ${stay.ownerId ?? null}::bigint) AS free`);
  return row.free;
}

/** The ids of overdue bookings that still have some of these nights, in the order in which they are ended. */
export async function findStaleHolds(em: EntityManager, stay: StayNights, now: Date): Promise<string[]> {
  const rows = await executePrepared<{ id: string }>(
    em,
    'calendar-stale',
    sql`SELECT DISTINCT b.id ${conflictingEntries(stay)} WHERE ${hasExpired(now)} ORDER BY b.id LIMIT 100`,
  );
  return rows.map((row) => row.id);
}

/** A subquery: the `calendar_listing.id`s of a host. */
export const listingsOfHost = (hostId: string) => sql`
  SELECT l.id FROM listing_snapshot s JOIN calendar_listing l ON l.public_id = s.listing_id WHERE s.host_id = ${hostId}`;

/** Deletes the notes of a host's blocks and the export URLs of the host's calendars. */
export async function eraseHostNotes(em: EntityManager, hostId: string): Promise<void> {
  await em.execute(sql`
    UPDATE calendar_block SET note = '' WHERE note <> '' AND listing_id IN (${listingsOfHost(hostId)})`);
  await em.execute(sql`DELETE FROM calendar_export WHERE listing_id IN (${listingsOfHost(hostId)})`);
}
