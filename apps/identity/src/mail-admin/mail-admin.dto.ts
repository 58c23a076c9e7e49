import { Email, Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { hasToken } from '../mail/account-mails.js';

const STATES = ['waiting', 'sent', 'given_up'] as const;
export type MailState = (typeof STATES)[number];

const Template = z.string().regex(/^[a-z][a-z-]{0,63}$/);

export const AdminMail = z
  .object({
    id: Uuid,
    userId: Uuid.nullable().meta({ description: 'The recipient. Null if the mail names no account.' }),
    recipient: z.string(),
    template: Template.meta({ examples: ['booking-confirmed'] }),
    state: z.enum(STATES),
    attempts: z.int(),
    lastError: z
      .string()
      .nullable()
      .meta({
        description: 'The codes of the last failed attempt.',
        examples: ['EENVELOPE 550'],
      }),
    retryable: z.boolean().meta({
      description:
        'Whether the mail can be sent again. A mail with a link or code that expires cannot: the user requests another one.',
    }),
    createdAt: Instant,
    nextAttemptAt: Instant.nullable(),
    sentAt: Instant.nullable(),
    givenUpAt: Instant.nullable(),
  })
  .meta({ id: 'AdminMail', description: 'A mail without its subject and texts' });
export type AdminMail = z.output<typeof AdminMail>;

export const AdminMailPage = Page(AdminMail);

export const AdminMailsQuery = z.strictObject({
  ...PageQuery,
  id: Uuid.optional(),
  userId: Uuid.optional().meta({ description: 'The recipient.' }),
  recipient: Email.optional().meta({ description: 'The exact address; the case is ignored.' }),
  template: Template.optional(),
  state: z.enum(STATES).optional(),
  createdFrom: Instant.optional().meta({ description: 'Created at or after this instant.' }),
  createdTo: Instant.optional().meta({ description: 'Created before this instant.' }),
});
export type AdminMailsQuery = z.output<typeof AdminMailsQuery>;

/** A mail as one row, without its texts. */
export interface AdminMailRow {
  id: string;
  userId: string | null;
  recipient: string;
  template: string;
  attempts: number;
  lastError: string | null;
  /** False after its texts were deleted. */
  hasTexts: boolean;
  createdAt: Date;
  nextAttemptAt: Date | null;
  sentAt: Date | null;
  givenUpAt: Date | null;
}

/** Whether the mail is given up and has all that another try needs. */
export const isRetryable = ({ givenUpAt, hasTexts, template }: AdminMailRow): boolean =>
  givenUpAt !== null && hasTexts && !hasToken(template);

const stateOf = ({ sentAt, givenUpAt }: AdminMailRow): MailState => {
  if (sentAt) return 'sent';
  return givenUpAt ? 'given_up' : 'waiting';
};

export const toAdminMail = (row: AdminMailRow): AdminMail => ({
  id: row.id,
  userId: row.userId,
  recipient: row.recipient,
  template: row.template,
  state: stateOf(row),
  attempts: row.attempts,
  lastError: row.lastError,
  retryable: isRetryable(row),
  createdAt: row.createdAt.toISOString(),
  nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
  sentAt: row.sentAt?.toISOString() ?? null,
  givenUpAt: row.givenUpAt?.toISOString() ?? null,
});
