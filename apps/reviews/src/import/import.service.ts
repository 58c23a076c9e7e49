import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, Idempotency, uuidv7 } from '@roost/platform';
import { lengthOf, MAX_TEXT } from '../review/review.dto.js';
import { ExternalReview, type ImportedRow, type ImportOutcome } from './import.dto.js';

const CUT = ' […]';

interface Accepted {
  id: string;
  externalId: string;
  listingId: string;
  authorName: string;
  text: string;
  writtenAt: Date;
  truncated: boolean;
}

/** Reviews from elsewhere: texts without ratings, shown as such and never counted. */
@Injectable()
export class ImportService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  importAll(rows: readonly unknown[]): Promise<ImportOutcome> {
    return this.idempotency.answer(async (em) => {
      const now = this.clock.now();
      const seen = new Set<string>();
      const checked = rows.map((row) => this.check(row, now, seen));
      const stored = await store(
        em,
        checked.filter((row) => 'id' in row),
      );
      const results = checked.map((row): ImportedRow => {
        if (!('id' in row)) return row;
        const { id: reviewId, status } = stored.get(row.externalId) ?? { id: null, status: 'unchanged' };
        return { externalId: row.externalId, status, reviewId, truncated: row.truncated, reason: null };
      });
      const count = (status: ImportedRow['status']) => results.filter((row) => row.status === status).length;
      return {
        created: count('created'),
        updated: count('updated'),
        unchanged: count('unchanged'),
        refused: count('refused'),
        truncated: results.filter(({ truncated }) => truncated).length,
        results,
      };
    });
  }

  private check(row: unknown, now: Date, seen: Set<string>): Accepted | ImportedRow {
    const parsed = ExternalReview.safeParse(row);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return refused(nameOf(row), `${issue?.path.join('/') || 'row'}: ${issue?.message ?? 'not valid'}`);
    }
    const { externalId, listingId, authorName } = parsed.data;
    const writtenAt = new Date(parsed.data.writtenAt);
    const text = plain(parsed.data.text);
    if (text === '') return refused(externalId, 'text: Must not be empty');
    if (writtenAt > now) return refused(externalId, 'writtenAt: Must not be in the future');
    if (seen.has(externalId)) return refused(externalId, 'externalId: Is in this batch twice');
    seen.add(externalId);
    const fits = lengthOf(text) <= MAX_TEXT;
    return {
      id: uuidv7(),
      externalId,
      listingId,
      authorName: plain(authorName),
      text: fits ? text : cut(text),
      writtenAt,
      truncated: !fits,
    };
  }
}

const refused = (externalId: string | null, reason: string): ImportedRow => ({
  externalId,
  status: 'refused',
  reviewId: null,
  truncated: false,
  reason,
});

function nameOf(row: unknown): string | null {
  const id: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'externalId') : null;
  return typeof id === 'string' ? id.slice(0, 200) : null;
}

/** Lines of text; what only machines read is left out. */
function plain(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])\p{Cc}/gu, '')
    .trim();
}

function cut(text: string): string {
  return (
    [...text]
      .slice(0, MAX_TEXT - lengthOf(CUT))
      .join('')
      .trimEnd() + CUT
  );
}

/** What is already there as it is, is not written again. */
async function store(
  em: EntityManager,
  rows: readonly Accepted[],
): Promise<Map<string, { id: string; status: 'created' | 'updated' | 'unchanged' }>> {
  if (rows.length === 0) return new Map();
  const found = await em.execute<
    { id: string; externalId: string; status: 'created' | 'updated' | 'unchanged' }[]
  >(
    `WITH given AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset(?::jsonb) AS g (id uuid, "externalId" text, "listingId" uuid,
         "authorName" text, text text, "writtenAt" timestamptz(3))),
     known AS MATERIALIZED (
       SELECT r.id, r.external_id FROM review r JOIN given g ON r.external_id = g."externalId"),
     written AS (
       INSERT INTO review AS r (id, external_id, listing_id, subject_id, direction, external_author, text, written_at,
         published_at)
       SELECT id, "externalId", "listingId", "listingId", 'guest_to_listing', "authorName", text, "writtenAt",
         "writtenAt" FROM given
       ON CONFLICT (external_id) DO UPDATE
         SET listing_id = excluded.listing_id, subject_id = excluded.subject_id, text = excluded.text,
             external_author = excluded.external_author, written_at = excluded.written_at,
             published_at = excluded.published_at, version = r.version + 1
         WHERE (r.listing_id, r.text, r.external_author, r.written_at)
           IS DISTINCT FROM (excluded.listing_id, excluded.text, excluded.external_author, excluded.written_at)
       RETURNING r.id, r.external_id)
     SELECT g."externalId", coalesce(k.id, w.id) AS id,
       CASE WHEN w.id IS NULL THEN 'unchanged' WHEN k.id IS NULL THEN 'created' ELSE 'updated' END AS status
     FROM given g LEFT JOIN known k ON k.external_id = g."externalId"
       LEFT JOIN written w ON w.external_id = g."externalId"`,
    [JSON.stringify(rows)],
  );
  return new Map(found.map(({ externalId, ...row }) => [externalId, row]));
}
