import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface CalendarExport {
  calendarListingId: string;
  listingId: string;
  withImports: boolean;
  timeZone: string | null;
  changedAt: Date;
}

/** Stores the export of a listing; it replaces the previous one and its token. */
export async function storeExport(
  em: EntityManager,
  created: { calendarListingId: number; tokenHash: Buffer; withImports: boolean; at: Date },
): Promise<void> {
  const { calendarListingId, tokenHash, withImports, at } = created;
  await em.execute(sql`
    INSERT INTO calendar_export (listing_id, token_hash, with_imports, created_at)
    VALUES (${calendarListingId}, ${tokenHash}, ${withImports}, ${at})
    ON CONFLICT (listing_id) DO UPDATE SET token_hash = excluded.token_hash,
      with_imports = excluded.with_imports, created_at = excluded.created_at`);
}

/** The current export of a listing, without its token; null if none was created. */
export async function findExportOf(
  em: EntityManager,
  calendarListingId: number,
): Promise<{ withImports: boolean; createdAt: Date } | null> {
  const [row] = await em.execute<{ withImports: boolean; createdAt: Date }[]>(sql`
    SELECT with_imports AS "withImports", created_at AS "createdAt" FROM calendar_export
    WHERE listing_id = ${calendarListingId}`);
  return row ?? null;
}

export async function findExport(em: EntityManager, tokenHash: Buffer): Promise<CalendarExport | null> {
  const [row] = await em.execute<CalendarExport[]>(sql`
    SELECT e.listing_id AS "calendarListingId", l.public_id AS "listingId", e.with_imports AS "withImports",
      s.time_zone AS "timeZone", greatest(e.created_at, published.changed_at) AS "changedAt"
    FROM calendar_export e JOIN calendar_listing l ON l.id = e.listing_id
    LEFT JOIN listing_snapshot s ON s.listing_id = l.public_id
    LEFT JOIN calendar_snapshot published ON published.listing_id = e.listing_id
    WHERE e.token_hash = ${tokenHash}`);
  return row ?? null;
}
