import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { currentRequest, decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { uuidv7 } from '@roost/platform';
import { z } from 'zod';
import type { AuditLogEntry, AuditLogQuery } from './audit-log.dto.js';

const Cursor = z.tuple([Instant, Uuid]);

/** The administrator of a request; `command line` for an operator's command. */
export type Actor = { id: string } | 'command line';

export interface AdminAction<Action extends string = string, Subject extends string = string> {
  actor: Actor;
  action: Action;
  subject: { type: Subject; id: string };
  /** Omitted if the route accepts no reason. */
  reason?: string | undefined;
  details?: Record<string, unknown>;
}

/** Stores the action. `columns` are those that only the table of this service has. */
export async function insertAdminAction(
  em: EntityManager,
  { actor, action, subject, reason, details = {} }: AdminAction,
  at: Date,
  columns: Record<string, string | null> = {},
): Promise<void> {
  const row = {
    id: uuidv7(),
    at,
    admin_id: actor === 'command line' ? null : actor.id,
    action,
    subject_type: subject.type,
    subject_id: subject.id,
    reason: reason ?? null,
    request_id: currentRequest()?.requestId ?? null,
    details,
    ...columns,
  };
  await em.execute(sql`
    INSERT INTO admin_action SELECT * FROM jsonb_populate_record(NULL::admin_action, ${JSON.stringify(row)}::jsonb)`);
}

export interface AdminActionRow {
  id: string;
  at: Date;
  admin_id: string | null;
  action: string;
  subject_type: string;
  subject_id: string;
  reason: string | null;
  request_id: string | null;
  details: Record<string, unknown>;
}

/** Newest first. `condition` selects by columns that only the table of this service has. */
export async function listAdminActions<Row extends AdminActionRow, View extends AuditLogEntry>(
  em: EntityManager,
  query: AuditLogQuery,
  toView: (row: Row) => View,
  condition: RawQueryFragment = sql`true`,
): Promise<PageOf<View>> {
  const [at, id] = decodeCursor(query.cursor, Cursor) ?? [null, null];
  const { adminId = null, action = null, subjectId = null, from = null, to = null, limit } = query;
  const rows = await em.execute<Row[]>(sql`
    SELECT * FROM admin_action WHERE ${condition}
      AND (${adminId}::uuid IS NULL OR admin_id = ${adminId}::uuid)
      AND (${action}::text IS NULL OR action = ${action}::text)
      AND (${subjectId}::text IS NULL OR subject_id = ${subjectId}::text)
      AND (${from}::timestamptz IS NULL OR at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR at < ${to}::timestamptz)
      AND (${at}::timestamptz IS NULL OR (at, id) < (${at}::timestamptz, ${id}::uuid))
    ORDER BY at DESC, id DESC LIMIT ${limit + 1}`);
  const actions = page(rows, limit, (row) => [row.at.toISOString(), row.id]);
  return { data: actions.data.map(toView), nextCursor: actions.nextCursor };
}

export const toAuditLogEntry = (row: AdminActionRow): AuditLogEntry => ({
  id: row.id,
  at: row.at.toISOString(),
  adminId: row.admin_id,
  action: row.action,
  subjectType: row.subject_type,
  subjectId: row.subject_id,
  reason: row.reason,
  requestId: row.request_id,
  details: row.details,
});
