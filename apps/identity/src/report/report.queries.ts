import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { z } from 'zod';
import {
  type AdminReportRow,
  type AdminReportsQuery,
  MAX_COUNT,
  type Report,
  type ReportedContent,
  type SubjectType,
} from './report.dto.js';

/** The class of the advisory locks; live events have 4201, phone codes 4203. */
const REPORTER_LOCK = 4202;

const Cursor = z.tuple([Instant, Uuid]);

export interface Subject {
  type: SubjectType;
  id: string;
}

export interface NewReport {
  id: string;
  reporterId: string;
  subject: Subject & { ownerId: string | null; threadId: string | null; content: ReportedContent };
  reason: Report['reason'];
  text: string | null;
  createdAt: Date;
}

export interface ReportParties {
  reporterId: string;
  ownerId: string | null;
}

export interface Decision {
  status: 'upheld' | 'dismissed';
  decidedAt: Date;
  decidedBy: string;
  note: string;
}

/** Allows one report of a user at a time, so that the limit is counted correctly. */
export async function lockReporter(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(${REPORTER_LOCK}::int, hashtext(${userId}))`);
}

/** The id of the open report of this user on this subject. */
export async function findOpenReport(
  em: EntityManager,
  reporterId: string,
  { type, id }: Subject,
): Promise<string | null> {
  const [report] = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM report
    WHERE reporter_id = ${reporterId} AND subject_type = ${type} AND subject_id = ${id} AND status = 'open'`);
  return report?.id ?? null;
}

/** When the oldest of the user's last `limit` reports was made, if that is after `since`: the limit is reached. */
export async function reportOverLimit(
  em: EntityManager,
  reporterId: string,
  limit: number,
  since: Date,
): Promise<Date | null> {
  const [report] = await em.execute<{ at: Date }[]>(sql`
    SELECT created_at AS at FROM report WHERE reporter_id = ${reporterId} AND created_at > ${since}::timestamptz
    ORDER BY created_at DESC, id DESC OFFSET ${limit - 1} LIMIT 1`);
  return report?.at ?? null;
}

export async function insertReport(em: EntityManager, report: NewReport): Promise<void> {
  const { subject } = report;
  await em.execute(sql`
    INSERT INTO report (id, reporter_id, subject_type, subject_id, owner_id, thread_id, reason, text, content, created_at)
    VALUES (${report.id}, ${report.reporterId}, ${subject.type}, ${subject.id}, ${subject.ownerId}, ${subject.threadId},
      ${report.reason}, ${report.text}, ${JSON.stringify(subject.content)}::jsonb, ${report.createdAt})`);
}

/** Counts rows up to `MAX_COUNT`. */
const countOf = (rows: RawQueryFragment) =>
  sql`(SELECT count(*)::int FROM (SELECT FROM ${rows} LIMIT ${MAX_COUNT}) counted)`;

/** One page of the queue: open reports oldest first, decided ones newest first. */
export async function listReports(
  em: EntityManager,
  query: AdminReportsQuery,
): Promise<PageOf<AdminReportRow>> {
  const [at, lastId] = decodeCursor(query.cursor, Cursor) ?? [null, null];
  const { status, subjectType = null, subjectId = null, reason = null, limit } = query;
  const { reporterId = null, ownerId = null, createdFrom: from = null, createdTo: to = null } = query;
  const position = sql`(${at}::timestamptz, ${lastId}::uuid)`;
  const [isAfter, order] =
    status === 'open'
      ? [sql`(r.created_at, r.id) > ${position}`, sql`r.created_at, r.id`]
      : [sql`(r.created_at, r.id) < ${position}`, sql`r.created_at DESC, r.id DESC`];
  const rows = await em.execute<AdminReportRow[]>(sql`
    WITH listed AS MATERIALIZED (
      SELECT * FROM report r WHERE status = ${status}
        AND (${subjectType}::text IS NULL OR subject_type = ${subjectType}::text)
        AND (${subjectId}::uuid IS NULL OR subject_id = ${subjectId}::uuid)
        AND (${reason}::text IS NULL OR reason = ${reason}::text)
        AND (${reporterId}::uuid IS NULL OR reporter_id = ${reporterId}::uuid)
        AND (${ownerId}::uuid IS NULL OR owner_id = ${ownerId}::uuid)
        AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
        AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
        AND (${at}::timestamptz IS NULL OR ${isAfter})
      ORDER BY ${order} LIMIT ${limit + 1})
    SELECT r.id, r.status, r.reason, r.text, r.created_at AS "createdAt", r.subject_type AS "subjectType",
      r.subject_id AS "subjectId", r.thread_id AS "threadId", r.content, r.reporter_id AS "reporterId",
      r.owner_id AS "ownerId", r.decided_at AS "decidedAt", r.decided_by AS "decidedBy", r.note,
      nullif(reporter.display_name, '') AS "reporterName", nullif(owner.display_name, '') AS "ownerName",
      owner.status AS "ownerStatus",
      ${countOf(sql`report o WHERE o.owner_id = r.owner_id AND o.status = 'upheld' AND o.id <> r.id`)}
        AS "upheldReports",
      ${countOf(sql`report o WHERE o.owner_id = r.owner_id AND o.status = 'dismissed' AND o.id <> r.id`)}
        AS "dismissedReports",
      ${countOf(sql`report o WHERE o.subject_id = r.subject_id AND o.subject_type = r.subject_type AND o.id <> r.id`)}
        AS "otherReports",
      ${countOf(sql`admin_action a WHERE a.subject_id = r.owner_id::text AND a.action = 'user.suspend'`)}
        AS suspensions
    FROM listed r
    LEFT JOIN user_account reporter ON reporter.id = r.reporter_id
    LEFT JOIN user_account owner ON owner.id = r.owner_id
    ORDER BY ${order}`);
  return page(rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
}

/** The reporter, and the owner of the subject, of a report; null if there is no such report. */
export async function findReportParties(em: EntityManager, id: string): Promise<ReportParties | null> {
  const [report] = await em.execute<ReportParties[]>(sql`
    SELECT reporter_id AS "reporterId", owner_id AS "ownerId" FROM report WHERE id = ${id}`);
  return report ?? null;
}

/** Decides an open report. Returns false if it is decided already. */
export async function decideReport(
  em: EntityManager,
  id: string,
  { status, decidedAt, decidedBy, note }: Decision,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE report SET status = ${status}, decided_at = ${decidedAt}, decided_by = ${decidedBy}, note = ${note}
    WHERE id = ${id} AND status = 'open' RETURNING id`);
  return rows.length > 0;
}

/** Upholds the open reports of a subject that were made up to the instant at which it was hidden. */
export async function upholdReportsOf(
  em: EntityManager,
  { type, id }: Subject,
  { hiddenAt, decidedAt }: { hiddenAt: Date; decidedAt: Date },
): Promise<void> {
  await em.execute(sql`
    UPDATE report SET status = 'upheld', decided_at = ${decidedAt}
    WHERE subject_type = ${type} AND subject_id = ${id} AND status = 'open'
      AND created_at <= ${hiddenAt}::timestamptz`);
}

/**
 * Deletes the texts of up to `limit` reports that were decided before an instant, and the copied texts of their subjects;
 * returns how many. The decision and its note are kept.
 */
export async function deleteReportTexts(
  em: EntityManager,
  { decidedBefore, limit }: { decidedBefore: Date; limit: number },
): Promise<number> {
  const rows = await em.execute<object[]>(sql`
    UPDATE report SET text = NULL, content = NULL WHERE id = ANY (ARRAY(
      SELECT id FROM report
      WHERE decided_at < ${decidedBefore} AND (text IS NOT NULL OR content IS NOT NULL)
      ORDER BY decided_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)) RETURNING true`);
  return rows.length;
}

/** Deletes what a user wrote in reports, and the copies of their texts in reports of others. The decisions are kept. */
export async function eraseReportTexts(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`UPDATE report SET text = NULL WHERE reporter_id = ${userId} AND text IS NOT NULL`);
  await em.execute(sql`UPDATE report SET content = NULL WHERE owner_id = ${userId} AND content IS NOT NULL`);
}
