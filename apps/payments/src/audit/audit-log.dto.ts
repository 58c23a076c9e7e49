import { AuditLogEntry, AuditLogQuery } from '@roost/audit';
import { Page, Uuid } from '@roost/http';
import { z } from 'zod';

export const adminActions = [
  'payment.refund',
  'refund.retry',
  'refund.settle',
  'operation.retry',
  'webhook.replay',
  'webhook.dismiss',
  'payout.retry',
  'reconciliation.start',
  'movement.adopt',
] as const;
export type AdminActionName = (typeof adminActions)[number];

export const AdminActionView = AuditLogEntry.extend({
  action: z.string().meta({ examples: [...adminActions] }),
  paymentId: Uuid.nullable(),
}).meta({ id: 'AdminAction' });
export type AdminActionView = z.output<typeof AdminActionView>;

export const AdminActionPage = Page(AdminActionView);

export const PaymentAuditLogQuery = AuditLogQuery.extend({ paymentId: Uuid.optional() });
export type PaymentAuditLogQuery = z.output<typeof PaymentAuditLogQuery>;
