import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { ReportReview, ReviewReport } from './moderation.dto.js';

const SMALLEST_UUID = '00000000-0000-0000-0000-000000000000';

export type ReportRow = Omit<ReviewReport, 'review' | 'createdAt' | 'closedAt'> & {
  reviewId: string;
  createdAt: Date;
  closedAt: Date | null;
};

interface NewReport extends ReportReview {
  id: string;
  reviewId: string;
  reporterId: string;
  createdAt: Date;
}

/** Inserts a report. An open report by the same user on the same review is updated instead and keeps its id. */
export async function upsertReport(
  em: EntityManager,
  { id, reviewId, reporterId, reason, comment, createdAt }: NewReport,
): Promise<{ id: string; createdAt: Date }> {
  const [row] = await em.execute<[{ id: string; createdAt: Date }]>(sql`
    INSERT INTO review_report (id, review_id, reporter_id, reason, comment, created_at)
    VALUES (${id}, ${reviewId}, ${reporterId}, ${reason}, ${comment ?? null}, ${createdAt})
    ON CONFLICT (review_id, reporter_id) WHERE status = 'open'
    DO UPDATE SET reason = excluded.reason, comment = excluded.comment
    RETURNING id, created_at AS "createdAt"`);
  return row;
}

export async function eraseReportComments(em: EntityManager, reporterId: string): Promise<void> {
  await em.execute(sql`
    UPDATE review_report SET comment = NULL WHERE reporter_id = ${reporterId} AND comment IS NOT NULL`);
}

/** Deletes the comments of up to `limit` reports that were closed before an instant, and returns how many. */
export async function deleteReportComments(
  em: EntityManager,
  { closedBefore, limit }: { closedBefore: Date; limit: number },
): Promise<number> {
  const rows = await em.execute<object[]>(sql`
    UPDATE review_report SET comment = NULL WHERE id = ANY (ARRAY(
      SELECT id FROM review_report WHERE closed_at < ${closedBefore} AND comment IS NOT NULL
      ORDER BY closed_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)) RETURNING true`);
  return rows.length;
}

/** Reports of this status, oldest first. */
export function findReports(
  em: EntityManager,
  { status, afterId, limit }: { status: ReviewReport['status']; afterId: string | null; limit: number },
): Promise<ReportRow[]> {
  return em.execute<ReportRow[]>(sql`
    SELECT id, review_id AS "reviewId", reporter_id AS "reporterId", reason, comment, status,
           created_at AS "createdAt", closed_at AS "closedAt", closed_by AS "closedBy"
      FROM review_report WHERE status = ${status} AND id > ${afterId ?? SMALLEST_UUID}
     ORDER BY id LIMIT ${limit}`);
}

interface Closing {
  closedBy: string;
  closedAt: Date;
}

/** Closes all open reports of a review as upheld. */
export async function upholdReports(
  em: EntityManager,
  reviewId: string,
  { closedBy, closedAt }: Closing,
): Promise<void> {
  await em.execute(sql`
    UPDATE review_report SET status = 'upheld', closed_at = ${closedAt}, closed_by = ${closedBy}
     WHERE review_id = ${reviewId} AND status = 'open'`);
}

/** Closes an open report as dismissed. Returns false if there is no such open report. */
export async function dismissReport(
  em: EntityManager,
  id: string,
  { closedBy, closedAt }: Closing,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE review_report SET status = 'dismissed', closed_at = ${closedAt}, closed_by = ${closedBy}
     WHERE id = ${id} AND status = 'open' RETURNING id`);
  return rows.length > 0;
}
