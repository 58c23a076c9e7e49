import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { type AdminActionRow, listAdminActions, toAuditLogEntry } from '@roost/audit';
import type { PageOf } from '@roost/http';
import type { AdminActionView, PaymentAuditLogQuery } from './audit-log.dto.js';

type PaymentActionRow = AdminActionRow & { payment_id: string | null };

/** Newest first. */
export function listPaymentActions(
  em: EntityManager,
  { paymentId, ...query }: PaymentAuditLogQuery,
): Promise<PageOf<AdminActionView>> {
  return listAdminActions(
    em,
    query,
    (row: PaymentActionRow) => ({ ...toAuditLogEntry(row), paymentId: row.payment_id }),
    paymentId === undefined ? undefined : sql`payment_id = ${paymentId}`,
  );
}
