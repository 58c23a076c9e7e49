import { FilterText, hasVisibleText, Instant, INVISIBLE_TEXT, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';

/** The reason of an administrator, for the audit log. */
export const ReasonText = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/, { error: 'Must not contain NUL' })
  .refine(hasVisibleText, INVISIBLE_TEXT);

const reason = ReasonText.meta({ description: 'An internal note for the audit log.' });

export const AdminReason = z.strictObject({ reason }).meta({ id: 'AdminReason' });
export type AdminReason = z.output<typeof AdminReason>;

/** For routes that were released without a body. */
export const OptionalAdminReason = z
  .strictObject({ reason: reason.optional() })
  .meta({ id: 'OptionalAdminReason' });
export type OptionalAdminReason = z.output<typeof OptionalAdminReason>;

export const AuditLogEntry = z
  .object({
    id: Uuid,
    at: Instant,
    adminId: Uuid.nullable().meta({ description: 'Null: an operator at the command line.' }),
    action: z.string().meta({ examples: ['user.suspend', 'booking.cancel'] }),
    subjectType: z.string(),
    subjectId: z.string(),
    reason: z.string().nullable(),
    requestId: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditLogEntry' });
export type AuditLogEntry = z.output<typeof AuditLogEntry>;

export const AuditLogPage = Page(AuditLogEntry);

export const AuditLogQuery = z.strictObject({
  ...PageQuery,
  adminId: Uuid.optional(),
  action: z
    .string()
    .regex(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, { error: 'Must be an action, such as user.suspend' })
    .optional(),
  subjectId: FilterText(300).optional(),
  from: Instant.optional().meta({ description: 'At or after this instant.' }),
  to: Instant.optional().meta({ description: 'Before this instant.' }),
});
export type AuditLogQuery = z.output<typeof AuditLogQuery>;
