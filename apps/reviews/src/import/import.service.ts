import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import {
  Idempotency,
  importedRow,
  type ImportResult,
  type ImportResults,
  readRow,
  refusedRow,
  wrongField,
} from '@roost/http';
import { Clock, Problem, uuidOf } from '@roost/platform';
import { lengthOf, MAX_TEXT } from '../review/review.dto.js';
import { ExternalReview, type ImportReviews } from './import.dto.js';

const CUT = ' […]';

interface Accepted {
  id: string;
  externalId: string;
  /** With its source. */
  externalKey: string;
  listingId: string;
  authorName: string;
  text: string;
  writtenAt: Date;
  isCut: boolean;
}

type Outcome = 'created' | 'updated' | 'unchanged';

/** Reviews from elsewhere: texts without ratings, shown as such and never counted. */
@Injectable()
export class ImportService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  /** One transaction for all rows; each is kept or refused on its own. */
  reviews(batch: ImportReviews): Promise<ImportResults> {
    return this.idempotency.answer(async (em) => {
      const now = this.clock.now();
      const seen = new Set<string>();
      const checked = batch.rows.map((row): Accepted | ImportResult => {
        const read = readRow(ExternalReview, row);
        if (read.refused) return read.refused;
        try {
          return accept(batch.source, read.value, { now, seen });
        } catch (error) {
          if (error instanceof Problem) return refusedRow(read.value.externalId, error);
          throw error;
        }
      });
      const outcomes = await store(
        em,
        checked.filter((row) => 'externalKey' in row),
      );
      return {
        results: checked.map((row): ImportResult => {
          if (!('externalKey' in row)) return row;
          const result = importedRow(row.externalId, row.id, outcomes.get(row.id) ?? 'unchanged');
          if (!row.isCut) return result;
          return { ...result, pointer: '/text', detail: `Cut to ${MAX_TEXT} characters` };
        }),
      };
    });
  }
}

function accept(
  source: string,
  row: ExternalReview,
  { now, seen }: { now: Date; seen: Set<string> },
): Accepted {
  const { externalId, listingId } = row;
  const writtenAt = new Date(row.writtenAt);
  const text = plain(row.text);
  const authorName = plain(row.authorName);
  if (authorName === '') throw wrongField('request.invalid', '/authorName', 'Must not be empty');
  if (text === '') throw wrongField('request.invalid', '/text', 'Must not be empty');
  if (writtenAt > now) throw wrongField('request.invalid', '/writtenAt', 'Must not be in the future');
  if (seen.has(externalId)) throw wrongField('request.invalid', '/externalId', 'Is in this batch twice');
  seen.add(externalId);
  const isCut = lengthOf(text) > MAX_TEXT;
  return {
    id: uuidOf('review', source, externalId),
    externalId,
    externalKey: `${source}/${externalId}`,
    listingId,
    authorName,
    text: isCut ? cut(text) : text,
    writtenAt,
    isCut,
  };
}

/** Lines of text; what only machines read is left out. */
function plain(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])\p{Cc}/gu, '')
    .trim();
}

function cut(text: string): string {
  const kept = [...text].slice(0, MAX_TEXT - lengthOf(CUT)).join('');
  return kept.trimEnd() + CUT;
}

/** What is already there as it is, is not written again. */
async function store(em: EntityManager, rows: readonly Accepted[]): Promise<Map<string, Outcome>> {
  if (rows.length === 0) return new Map();
  const written = await em.execute<{ id: string; outcome: Outcome }[]>(
    `WITH given AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset(?::jsonb) AS g (id uuid, "externalKey" text, "listingId" uuid,
         "authorName" text, text text, "writtenAt" timestamptz(3))),
     known AS MATERIALIZED (SELECT r.id FROM review r JOIN given g ON r.id = g.id),
     written AS (
       INSERT INTO review AS r (id, external_id, listing_id, subject_id, direction, external_author, text, written_at,
         published_at)
       SELECT id, "externalKey", "listingId", "listingId", 'guest_to_listing', "authorName", text, "writtenAt",
         "writtenAt" FROM given
       ON CONFLICT (id) DO UPDATE
         SET listing_id = excluded.listing_id, subject_id = excluded.subject_id, text = excluded.text,
             external_author = excluded.external_author, written_at = excluded.written_at,
             published_at = excluded.published_at, version = r.version + 1
         WHERE (r.listing_id, r.text, r.external_author, r.written_at)
           IS DISTINCT FROM (excluded.listing_id, excluded.text, excluded.external_author, excluded.written_at)
       RETURNING r.id)
     SELECT w.id, CASE WHEN k.id IS NULL THEN 'created' ELSE 'updated' END AS outcome
     FROM written w LEFT JOIN known k ON k.id = w.id`,
    [JSON.stringify(rows)],
  );
  return new Map(written.map(({ id, outcome }) => [id, outcome]));
}
