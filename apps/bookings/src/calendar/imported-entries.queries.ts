import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { DateRange, IsoDate } from '@roost/stay';

/** The class of the advisory lock; see calendar.queries.ts. */
const IMPORT_LOCK = 4103;

/** Nights of an import: live entries block them, the others are nights of stays. */
export interface ImportedEntry extends DateRange {
  live: boolean;
}

/** Allows one import per listing at a time: two that replace the same rows could deadlock. Taken before the lock of its links. */
export async function lockImports(em: EntityManager, calendarListingId: number): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(${IMPORT_LOCK}::int, ${calendarListingId}::int)`);
}

/** The owner of the nights that `source` imports for this listing. */
export async function importOwner(
  em: EntityManager,
  calendarListingId: number,
  source: string,
): Promise<{ ownerId: number; isNew: boolean }> {
  const [row] = await em.execute<[{ ownerId: string; isNew: boolean }]>(sql`
    INSERT INTO calendar_import (listing_id, source) VALUES (${calendarListingId}, ${source})
    ON CONFLICT (listing_id, source) DO UPDATE SET source = excluded.source
    RETURNING owner_id AS "ownerId", old.owner_id IS NULL AS "isNew"`);
  return { ownerId: Number(row.ownerId), isNew: row.isNew };
}

/** The nights that stays have in this listing's spaces between two dates. */
export async function stayNights(
  em: EntityManager,
  calendarListingId: number,
  from: IsoDate,
  to: IsoDate,
): Promise<DateRange[]> {
  return await em.execute<DateRange[]>(sql`
    SELECT DISTINCT to_char(lower(e.nights), 'YYYY-MM-DD') AS "from", to_char(upper(e.nights), 'YYYY-MM-DD') AS "to"
    FROM listing_space s JOIN calendar_entry e ON e.space_id = s.space_id
    WHERE s.listing_id = ${calendarListingId} AND e.live AND e.kind = 'stay'
      AND e.nights && daterange(${from}::date, ${to}::date)`);
}

/** The entries of an import, in order. */
export async function importedEntries(em: EntityManager, ownerId: number): Promise<ImportedEntry[]> {
  return await em.execute<ImportedEntry[]>(sql`
    SELECT DISTINCT to_char(lower(nights), 'YYYY-MM-DD') AS "from", to_char(upper(nights), 'YYYY-MM-DD') AS "to", live
    FROM calendar_entry WHERE owner_id = ${ownerId} ORDER BY 1`);
}

/** Replaces all entries of an import. Returns false if a stay has claimed one of the live ranges meanwhile. */
export async function replaceImported(
  em: EntityManager,
  ownerId: number,
  calendarListingId: number,
  entries: readonly ImportedEntry[],
): Promise<boolean> {
  const ranges = sql`jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) AS r ("from" date, "to" date, live boolean)`;
  await em.execute(sql`
    DELETE FROM calendar_entry e WHERE e.owner_id = ${ownerId} AND (e.nights, e.live) NOT IN (
      SELECT daterange(r."from", r."to"), r.live FROM ${ranges})`);
  const [row] = await em.execute<[{ complete: boolean }]>(sql`
    WITH requested AS (
      SELECT s.space_id, daterange(r."from", r."to") AS nights, r.live FROM listing_space s CROSS JOIN ${ranges}
      WHERE s.listing_id = ${calendarListingId}),
    missing AS (
      SELECT * FROM requested WHERE NOT EXISTS (SELECT FROM calendar_entry e WHERE e.owner_id = ${ownerId}
        AND e.space_id = requested.space_id AND e.nights = requested.nights AND e.live = requested.live)),
    claimed AS (
      INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
      SELECT ${calendarListingId}::bigint, space_id, ${ownerId}::bigint, 'import', nights, live
      FROM missing ORDER BY space_id, lower(nights)
      ON CONFLICT DO NOTHING RETURNING 1)
    SELECT (SELECT count(*) FROM claimed) = (SELECT count(*) FROM missing) AS complete`);
  return row.complete;
}

/** The owners of imported nights of this listing. */
export async function importOwners(em: EntityManager, calendarListingId: number): Promise<number[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT DISTINCT owner_id AS id FROM calendar_entry
    WHERE listing_id = ${calendarListingId} AND kind = 'import' ORDER BY 1`);
  return rows.map(({ id }) => Number(id));
}

/** Runs `work`, and undoes its writes if it returns false. Returns its result. */
export async function undoUnlessComplete(em: EntityManager, work: () => Promise<boolean>): Promise<boolean> {
  await em.execute(sql`SAVEPOINT imported_nights`);
  const complete = await work();
  await em.execute(
    complete ? sql`RELEASE SAVEPOINT imported_nights` : sql`ROLLBACK TO SAVEPOINT imported_nights`,
  );
  return complete;
}
