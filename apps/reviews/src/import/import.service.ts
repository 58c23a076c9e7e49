import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import {
  type AuthUser,
  ContactMasking,
  hasVisibleText,
  Idempotency,
  importedRow,
  type ImportResult,
  type ImportResults,
  parseRow,
  INVISIBLE_TEXT,
  rejectedRow,
  invalidRowField,
} from '@roost/http';
import { Clock, Problem, deterministicUuid } from '@roost/platform';
import { lengthOf, MAX_TEXT } from '../review/review.dto.js';
import { ExternalReview, type ImportReviews, MAX_AUTHOR_NAME } from './import.dto.js';
import { type ImportedReview, upsertExternalReviews } from './import.queries.js';

const TRUNCATION_MARK = ' […]';
const MAX_MASKED = 2 * MAX_TEXT;

/** A row that passed the checks. */
interface AcceptedRow extends ImportedReview {
  externalId: string;
  isTruncated: boolean;
  masking: ContactMasking;
}

/** Imports reviews from other sites: texts without ratings, marked as external and not counted in any rating. */
@Injectable()
export class ImportService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly auditLog: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Stores all valid rows in one transaction. A rejected row does not affect the others. */
  reviews(admin: AuthUser, batch: ImportReviews): Promise<ImportResults> {
    return this.idempotency.runOnce(async (em) => {
      const context = { source: batch.source, now: this.clock.now(), processedIds: new Set<string>() };
      const checked = batch.rows.map((row) => checkRow(row, context));
      const outcomes = await upsertExternalReviews(
        em,
        checked.filter((row) => 'externalKey' in row).map(toImportedReview),
      );
      const results = checked.map((row): ImportResult => {
        if (!('externalKey' in row)) return row;
        const result = importedRow(row.externalId, row.id, outcomes.get(row.id) ?? 'unchanged');
        if (!row.isTruncated) return row.masking.addTo(result);
        const detail = `Truncated to ${MAX_TEXT} characters`;
        return row.masking.addTo({ ...result, pointer: '/text', detail });
      });
      await this.auditLog.recordImport(
        em,
        { admin, action: 'import.reviews', source: batch.source },
        results,
      );
      return { results };
    });
  }
}

interface BatchContext {
  source: string;
  now: Date;
  /** The external ids of the accepted rows before. */
  processedIds: Set<string>;
}

function checkRow(row: unknown, context: BatchContext): AcceptedRow | ImportResult {
  const { value, rejected } = parseRow(ExternalReview, row);
  if (rejected) return rejected;
  try {
    return acceptRow(value, context);
  } catch (error) {
    if (error instanceof Problem) return rejectedRow(value.externalId, error);
    throw error;
  }
}

const toImportedReview = ({ masking: _, ...review }: AcceptedRow): ImportedReview => review;

/** Throws a Problem for a row that breaks a rule. */
function acceptRow(row: ExternalReview, { source, now, processedIds }: BatchContext): AcceptedRow {
  const { externalId, listingId } = row;
  const writtenAt = new Date(row.writtenAt);
  const text = normalizeText(row.text);
  const authorName = normalizeText(row.authorName);
  if (authorName === '') throw invalidRowField('request.invalid', '/authorName', 'Must not be empty');
  if (text === '') throw invalidRowField('request.invalid', '/text', 'Must not be empty');
  if (!hasVisibleText(text)) throw invalidRowField('request.invalid', '/text', INVISIBLE_TEXT.error);
  if (writtenAt > now) throw invalidRowField('request.invalid', '/writtenAt', 'Must not be in the future');
  if (processedIds.has(externalId)) {
    throw invalidRowField('request.invalid', '/externalId', 'Appears more than once in this batch');
  }
  processedIds.add(externalId);
  const masking = new ContactMasking();
  // The time of masking grows faster than the text, which is truncated anyway.
  const start = [...text].slice(0, MAX_MASKED).join('');
  const masked = masking.mask('/text', start, Infinity);
  const isTruncated = start.length < text.length || lengthOf(masked) > MAX_TEXT;
  return {
    id: deterministicUuid('review', source, externalId),
    externalId,
    externalKey: `${source}/${externalId}`,
    listingId,
    authorName: masking.mask('/authorName', authorName, MAX_AUTHOR_NAME),
    text: isTruncated ? truncate(masked) : masked,
    writtenAt,
    isTruncated,
    masking,
  };
}

/** Normalizes line ends and removes control characters. */
function normalizeText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])\p{Cc}/gu, '')
    .trim();
}

function truncate(text: string): string {
  const start = [...text].slice(0, MAX_TEXT - lengthOf(TRUNCATION_MARK)).join('');
  return start.trimEnd() + TRUNCATION_MARK;
}
