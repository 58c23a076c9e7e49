import { hasVisibleText, Instant, INVISIBLE_TEXT, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';

/** The reason of an administrator, for the audit log. */
export const ReasonText = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/, { error: 'Must not contain NUL' })
  .refine(hasVisibleText, INVISIBLE_TEXT);

export const AdminReason = z
  .strictObject({ reason: ReasonText.meta({ description: 'An internal note for the audit log.' }) })
  .meta({ id: 'AdminReason' });
export type AdminReason = z.output<typeof AdminReason>;

export const adminActions = [
  'payment.refund',
  'refund.retry',
  'refund.settle',
  'operation.retry',
  'webhook.replay',
  'webhook.dismiss',
  'payout.retry',
] as const;
export type AdminActionName = (typeof adminActions)[number];

export const AdminActionView = z
  .object({
    id: Uuid,
    at: Instant,
    adminId: Uuid.nullable().meta({ description: 'Null: an operator at the command line.' }),
    action: z.string().meta({ examples: [...adminActions] }),
    subjectType: z.string(),
    subjectId: z.string(),
    paymentId: Uuid.nullable(),
    reason: z.string().nullable(),
    requestId: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AdminAction' });
export type AdminActionView = z.output<typeof AdminActionView>;

export const AdminActionPage = Page(AdminActionView);

export const AuditLogQuery = z.strictObject({ ...PageQuery, paymentId: Uuid.optional() });
export type AuditLogQuery = z.output<typeof AuditLogQuery>;
