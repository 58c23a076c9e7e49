import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { IsoDate } from '@roost/stay';

/** The spaces of a listing: its own, or those of its rooms. */
export async function spacesOf(em: EntityManager, calendarListingId: number): Promise<number[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT space_id AS id FROM listing_space WHERE listing_id = ${calendarListingId} ORDER BY space_id`);
  return rows.map((row) => Number(row.id));
}

/** The rooms of a house; empty for a listing without rooms. */
export async function roomsOf(em: EntityManager, houseId: number): Promise<string[]> {
  const rows = await em.execute<{ listingId: string }[]>(sql`
    SELECT l.public_id AS "listingId" FROM listing_space s JOIN calendar_listing l ON l.id = s.space_id
    WHERE s.listing_id = ${houseId} AND s.space_id <> ${houseId} ORDER BY l.id`);
  return rows.map(({ listingId }) => listingId);
}

export async function linksVersion(em: EntityManager, calendarListingId: number): Promise<number> {
  const [row] = await em.execute<[{ version: number }]>(sql`
    SELECT links_version AS version FROM calendar_listing WHERE id = ${calendarListingId}`);
  return row.version;
}

/** Whether one of the rooms has rooms, or the house is a room of another house. */
export async function isNested(
  em: EntityManager,
  houseId: number,
  roomIds: readonly number[],
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(sql`
    SELECT 1 FROM listing_space
    WHERE (listing_id = ANY(ARRAY[${roomIds}]::bigint[]) AND space_id <> listing_id)
      OR (space_id = ${houseId}::bigint AND listing_id <> ${houseId}::bigint) LIMIT 1`);
  return rows.length > 0;
}

/** Replaces the spaces of a listing, and increases the version of its links. */
export async function replaceSpaces(
  em: EntityManager,
  calendarListingId: number,
  spaceIds: readonly number[],
): Promise<void> {
  await em.execute(sql`DELETE FROM listing_space WHERE listing_id = ${calendarListingId}`);
  await em.execute(sql`
    INSERT INTO listing_space (listing_id, space_id) SELECT ${calendarListingId}, unnest(ARRAY[${spaceIds}]::bigint[])`);
  await em.execute(sql`
    UPDATE calendar_listing SET links_version = links_version + 1 WHERE id = ${calendarListingId}`);
}

/**
 * Claims the spaces that a listing has now for its nights from today on, except imported ones, and deletes the entries of
 * the spaces that it had before. Returns false if another owner has some of the nights: roll back.
 */
export async function moveEntries(em: EntityManager, listingId: number, today: IsoDate): Promise<boolean> {
  const [row] = await em.execute<[{ complete: boolean }]>(sql`
    WITH own AS (
      SELECT DISTINCT owner_id, change_id, kind, nights, live FROM calendar_entry
      WHERE listing_id = ${listingId}::bigint AND kind <> 'import' AND upper(nights) > ${today}::date),
    missing AS (
      SELECT own.*, s.space_id FROM own JOIN listing_space s ON s.listing_id = ${listingId}::bigint
      WHERE NOT EXISTS (SELECT FROM calendar_entry e WHERE e.listing_id = s.listing_id AND e.owner_id = own.owner_id
        AND e.space_id = s.space_id AND e.kind = own.kind AND e.nights = own.nights
        AND e.change_id IS NOT DISTINCT FROM own.change_id)),
    claimed AS (
      INSERT INTO calendar_entry (listing_id, space_id, owner_id, change_id, kind, nights, live)
      SELECT ${listingId}::bigint, space_id, owner_id, change_id, kind, nights, live FROM missing
      ORDER BY space_id, lower(nights) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT (SELECT count(*) FROM claimed) = (SELECT count(*) FROM missing) AS complete`);
  if (!row.complete) return false;
  await em.execute(sql`
    DELETE FROM calendar_entry e
    WHERE listing_id = ${listingId}::bigint AND kind <> 'import' AND upper(nights) > ${today}::date
      AND NOT EXISTS (SELECT FROM listing_space s WHERE s.listing_id = e.listing_id AND s.space_id = e.space_id)`);
  return true;
}
