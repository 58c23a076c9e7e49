import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface ImportedReview {
  id: string;
  /** The source and the external id of the row. */
  externalKey: string;
  listingId: string;
  authorName: string;
  text: string;
  writtenAt: Date;
}

export type ImportOutcome = 'created' | 'updated' | 'unchanged';

/** Inserts new reviews and updates changed ones. Returns the outcomes of these; reviews without a change are omitted. */
export async function upsertExternalReviews(
  em: EntityManager,
  rows: readonly ImportedReview[],
): Promise<Map<string, ImportOutcome>> {
  if (rows.length === 0) return new Map();
  const written = await em.execute<{ id: string; outcome: ImportOutcome }[]>(sql`
    WITH imported AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (id uuid, "externalKey" text,
        "listingId" uuid, "authorName" text, text text, "writtenAt" timestamptz(3))),
    existing AS MATERIALIZED (SELECT r.id FROM review r JOIN imported i ON r.id = i.id),
    written AS (
      INSERT INTO review AS r (id, external_id, listing_id, subject_id, direction, external_author, text, written_at,
        published_at)
      SELECT id, "externalKey", "listingId", "listingId", 'guest_to_listing', "authorName", text, "writtenAt",
        "writtenAt" FROM imported
      ON CONFLICT (id) DO UPDATE
        SET listing_id = excluded.listing_id, subject_id = excluded.subject_id, text = excluded.text,
            external_author = excluded.external_author, written_at = excluded.written_at,
            published_at = excluded.published_at, version = r.version + 1
        WHERE (r.listing_id, r.text, r.external_author, r.written_at)
          IS DISTINCT FROM (excluded.listing_id, excluded.text, excluded.external_author, excluded.written_at)
      RETURNING r.id)
    SELECT w.id, CASE WHEN e.id IS NULL THEN 'created' ELSE 'updated' END AS outcome
    FROM written w LEFT JOIN existing e ON e.id = w.id`);
  return new Map(written.map(({ id, outcome }) => [id, outcome]));
}
