import { AuditLogEntry } from '@roost/audit';
import { Email, FilterText, Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { type User, userRoles, userStatuses } from '../account/user.entity.js';
import { PhoneNumber } from '../phone/phone-number.js';

export const AdminUserView = z
  .object({
    id: Uuid,
    email: z.string(),
    displayName: z.string(),
    locale: z.string(),
    roles: z.array(z.enum(userRoles)),
    status: z.enum(userStatuses),
    emailVerified: z.boolean(),
    phone: z.string().nullable().meta({ description: 'The verified phone number in E.164' }),
    mfaEnabled: z.boolean(),
    createdAt: Instant,
  })
  .meta({ id: 'AdminUser' });
export type AdminUserView = z.output<typeof AdminUserView>;

export const AdminUserPage = Page(AdminUserView);

const { at, adminId, action, reason } = AuditLogEntry.shape;

const SuspensionView = z
  .object({ at, adminId, action: action.meta({ examples: ['user.suspend', 'user.reinstate'] }), reason })
  .meta({ id: 'Suspension' });
export type SuspensionView = z.output<typeof SuspensionView>;

export const AdminUserDetails = AdminUserView.extend({
  bio: z.string().meta({ description: 'As the user wrote it; the public profile masks contact details.' }),
  activeSessions: z.int().meta({ description: 'The sessions that are neither ended nor expired.' }),
  suspensions: z
    .array(SuspensionView)
    .meta({ description: 'The suspensions and reinstatements, newest first; at most 100.' }),
}).meta({ id: 'AdminUserDetails' });
export type AdminUserDetails = z.output<typeof AdminUserDetails>;

export const AdminUsersQuery = z.strictObject({
  ...PageQuery,
  id: Uuid.optional(),
  email: Email.optional().meta({ description: 'The exact address; the case is ignored.' }),
  phone: PhoneNumber.optional().meta({
    description: 'The number in international format; encode its + as %2B.',
  }),
  q: FilterText(254)
    .optional()
    .meta({ description: 'The beginning of the mail address or of the display name; the case is ignored.' }),
  status: z.enum(userStatuses).optional(),
  role: z.enum(userRoles).optional(),
  createdFrom: Instant.optional().meta({ description: 'Created at or after this instant.' }),
  createdTo: Instant.optional().meta({ description: 'Created before this instant.' }),
});
export type AdminUsersQuery = z.output<typeof AdminUsersQuery>;

export const toAdminUserView = (user: User): AdminUserView => ({
  id: user.id,
  email: user.email,
  displayName: user.displayName,
  locale: user.locale,
  roles: user.roles,
  status: user.status,
  emailVerified: user.emailVerifiedAt !== null,
  phone: user.phone,
  mfaEnabled: user.mfaEnabled,
  createdAt: user.createdAt.toISOString(),
});
