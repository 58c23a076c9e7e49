import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { accountActions, accountActors } from './account-action.js';

export const AccountActionDetails = z
  .object({
    sessionId: Uuid.optional().meta({ description: 'The session that started or ended.' }),
    method: z
      .string()
      .optional()
      .meta({ description: 'How the user logged in.', examples: ['password'] }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'Why the session ended.', examples: ['logout'] }),
    name: z.string().optional().meta({ description: 'The name of the passkey or of the provider.' }),
    exportId: Uuid.optional(),
    fields: z.array(z.string()).optional().meta({ description: 'The changed fields of the profile.' }),
  })
  .meta({ id: 'AccountActionDetails' });
export type AccountActionDetails = z.output<typeof AccountActionDetails>;

export const AccountLogEntry = z
  .object({
    id: Uuid,
    at: Instant,
    action: z.enum(accountActions),
    actor: z.enum(accountActors),
    sessionId: Uuid.nullable().meta({ description: 'The session of the request. Null without one.' }),
    network: z
      .string()
      .nullable()
      .meta({
        description:
          'The network of the request: the first 24 bits of an IPv4 address, 64 of an IPv6 address.',
        examples: ['203.0.113.0/24'],
      }),
    userAgent: z.string().nullable(),
    details: AccountActionDetails,
  })
  .meta({ id: 'AccountLogEntry' });
export type AccountLogEntry = z.output<typeof AccountLogEntry>;

export const AccountLogPage = Page(AccountLogEntry);

export const AccountLogFilter = { action: z.enum(accountActions).optional() };

export const AccountLogQuery = z.strictObject({ ...AccountLogFilter, ...PageQuery });
export type AccountLogQuery = z.output<typeof AccountLogQuery>;
