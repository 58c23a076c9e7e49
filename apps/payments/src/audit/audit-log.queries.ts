import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { z } from 'zod';
import type { AdminActionView, AuditLogQuery } from './audit-log.dto.js';

const Cursor = z.tuple([Instant, Uuid]);

export interface NewAdminAction extends Omit<AdminActionView, 'at'> {
  at: Date;
}

interface AdminActionRow {
  id: string;
  at: Date;
  admin_id: string | null;
  action: string;
  subject_type: string;
  subject_id: string;
  payment_id: string | null;
  reason: string | null;
  request_id: string | null;
  details: Record<string, unknown>;
}

export async function insertAdminAction(em: EntityManager, action: NewAdminAction): Promise<void> {
  await em.execute(sql`
    INSERT INTO admin_action (id, at, admin_id, action, subject_type, subject_id, payment_id, reason, request_id, details)
    VALUES (${action.id}, ${action.at}, ${action.adminId}, ${action.action}, ${action.subjectType}, ${action.subjectId},
      ${action.paymentId}, ${action.reason}, ${action.requestId}, ${JSON.stringify(action.details)}::jsonb)`);
}

/** Newest first. */
export async function listAdminActions(
  em: EntityManager,
  query: AuditLogQuery,
): Promise<PageOf<AdminActionView>> {
  const [at, id] = decodeCursor(query.cursor, Cursor) ?? [null, null];
  const { paymentId = null, limit } = query;
  const rows = await em.execute<AdminActionRow[]>(sql`
    SELECT * FROM admin_action WHERE (${paymentId}::uuid IS NULL OR payment_id = ${paymentId}::uuid)
      AND (${at}::timestamptz IS NULL OR (at, id) < (${at}::timestamptz, ${id}::uuid))
    ORDER BY at DESC, id DESC LIMIT ${limit + 1}`);
  const actions = page(rows, limit, (row) => [row.at.toISOString(), row.id]);
  return { data: actions.data.map(toView), nextCursor: actions.nextCursor };
}

const toView = (row: AdminActionRow): AdminActionView => ({
  id: row.id,
  at: row.at.toISOString(),
  adminId: row.admin_id,
  action: row.action,
  subjectType: row.subject_type,
  subjectId: row.subject_id,
  paymentId: row.payment_id,
  reason: row.reason,
  requestId: row.request_id,
  details: row.details,
});
