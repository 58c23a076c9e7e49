import type { EntityManager } from '@mikro-orm/postgresql';
import type { IsoDate } from '@roost/stay';

/** See calendar.queries.ts. */
const importLock = 4103;

/** One import of a listing at a time: two that replaced the same rows could wait for each other. Taken before its links are locked. */
export async function lockImports(em: EntityManager, calendarListingId: number): Promise<void> {
  await em.execute('SELECT pg_advisory_xact_lock(?::int, ?::int)', [importLock, calendarListingId]);
}

/** Who owns what `source` says of this listing. */
export async function importOwner(
  em: EntityManager,
  calendarListingId: number,
  source: string,
): Promise<{ ownerId: number; isNew: boolean }> {
  const [row] = await em.execute<[{ ownerId: string; isNew: boolean }]>(
    `INSERT INTO calendar_import (listing_id, source) VALUES (?, ?)
     ON CONFLICT (listing_id, source) DO UPDATE SET source = excluded.source
     RETURNING owner_id AS "ownerId", old.owner_id IS NULL AS "isNew"`,
    [calendarListingId, source],
  );
  return { ownerId: Number(row.ownerId), isNew: row.isNew };
}

/** The nights that stays take of this listing's spaces between two dates. */
export async function stayNights(
  em: EntityManager,
  calendarListingId: number,
  from: IsoDate,
  to: IsoDate,
): Promise<{ from: IsoDate; to: IsoDate }[]> {
  return await em.execute<{ from: IsoDate; to: IsoDate }[]>(
    `SELECT DISTINCT to_char(lower(e.nights), 'YYYY-MM-DD') AS "from", to_char(upper(e.nights), 'YYYY-MM-DD') AS "to"
     FROM listing_space s JOIN calendar_entry e ON e.space_id = s.space_id
     WHERE s.listing_id = ? AND e.live AND e.kind = 'stay' AND e.nights && daterange(?::date, ?::date)`,
    [calendarListingId, from, to],
  );
}

/** What an import has of this listing, in order. */
export async function importedEntries(
  em: EntityManager,
  ownerId: number,
): Promise<{ from: IsoDate; to: IsoDate; live: boolean }[]> {
  return await em.execute<{ from: IsoDate; to: IsoDate; live: boolean }[]>(
    `SELECT DISTINCT to_char(lower(nights), 'YYYY-MM-DD') AS "from", to_char(upper(nights), 'YYYY-MM-DD') AS "to", live
     FROM calendar_entry WHERE owner_id = ? ORDER BY 1`,
    [ownerId],
  );
}

/** Makes these entries all that an import has of this listing. False: a stay came to one of the live ranges first. */
export async function replaceImported(
  em: EntityManager,
  ownerId: number,
  calendarListingId: number,
  entries: readonly { from: IsoDate; to: IsoDate; live: boolean }[],
): Promise<boolean> {
  const ranges = `jsonb_to_recordset(?::jsonb) AS r ("from" date, "to" date, live boolean)`;
  await em.execute(
    `DELETE FROM calendar_entry e WHERE e.owner_id = ? AND (e.nights, e.live) NOT IN (
       SELECT daterange(r."from", r."to"), r.live FROM ${ranges})`,
    [ownerId, JSON.stringify(entries)],
  );
  const [row] = await em.execute<[{ claimed: boolean }]>(
    `WITH wanted AS (
       SELECT s.space_id, daterange(r."from", r."to") AS nights, r.live FROM listing_space s CROSS JOIN ${ranges}
       WHERE s.listing_id = ?),
     missing AS (
       SELECT * FROM wanted w WHERE NOT EXISTS (SELECT FROM calendar_entry e WHERE e.owner_id = ?
         AND e.space_id = w.space_id AND e.nights = w.nights AND e.live = w.live)),
     held AS (
       INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
       SELECT ?::bigint, space_id, ?::bigint, 'import', nights, live FROM missing ORDER BY space_id, lower(nights)
       ON CONFLICT DO NOTHING RETURNING 1)
     SELECT (SELECT count(*) FROM held) = (SELECT count(*) FROM missing) AS claimed`,
    [JSON.stringify(entries), calendarListingId, ownerId, calendarListingId, ownerId],
  );
  return row.claimed;
}

/** The imports that have nights of this listing. */
export async function importOwners(em: EntityManager, calendarListingId: number): Promise<number[]> {
  const rows = await em.execute<{ id: string }[]>(
    `SELECT DISTINCT owner_id AS id FROM calendar_entry WHERE listing_id = ? AND kind = 'import' ORDER BY 1`,
    [calendarListingId],
  );
  return rows.map(({ id }) => Number(id));
}
