import { ReasonText } from '@roost/audit';
import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { Message, Thread } from './message.dto.js';
import type { AdminThreadRow, MessageRow } from './message-rows.js';

const { id, listingId, bookingId, guestId, hostId, contactsShown, createdAt } = Thread.shape;

export const AdminThread = z
  .object({
    ...{ id, listingId, bookingId, guestId, hostId, contactsShown },
    messageCount: z.int(),
    createdAt,
    lastMessageAt: Instant,
  })
  .meta({ id: 'AdminThread', description: 'A thread without its texts' });
export type AdminThread = z.output<typeof AdminThread>;

export const AdminThreadPage = Page(AdminThread);

export const AdminMessage = z
  .object({
    ...{ id: Message.shape.id, senderId: Message.shape.senderId, senderErased: Message.shape.senderErased },
    text: z.string().meta({ description: 'The original text, with contact details' }),
    hidden: z.array(Message.shape.hidden.element).meta({
      description:
        'The kinds of contact details that are masked until a booking is confirmed. Independent of `moderation`',
    }),
    moderation: z.object({ at: Instant, adminId: Uuid, reason: z.string() }).nullable().meta({
      id: 'MessageModeration',
      description: 'Set while an administrator hides the whole message from guest and host',
    }),
    sentAt: Instant,
  })
  .meta({ id: 'AdminMessage' });
export type AdminMessage = z.output<typeof AdminMessage>;

export const AdminThreadDetails = AdminThread.extend({
  messages: Page(AdminMessage),
}).meta({ id: 'AdminThreadDetails', description: 'A thread with a page of its messages, newest first' });
export type AdminThreadDetails = z.output<typeof AdminThreadDetails>;

export const AdminThreadsQuery = z.strictObject({
  ...PageQuery,
  id: Uuid.optional(),
  type: z
    .enum(['enquiry', 'booking'])
    .optional()
    .meta({ description: 'Threads without a booking, or those of a booking.' }),
  userId: Uuid.optional().meta({ description: 'The guest or the host.' }),
  bookingId: Uuid.optional(),
  listingId: Uuid.optional(),
  createdFrom: Instant.optional().meta({ description: 'Created at or after this instant.' }),
  createdTo: Instant.optional().meta({ description: 'Created before this instant.' }),
});
export type AdminThreadsQuery = z.output<typeof AdminThreadsQuery>;

export const ReadThreadAsAdmin = z.strictObject({
  ...PageQuery,
  reason: ReasonText.meta({
    description: 'Why you read these private messages. It is kept in the audit log.',
  }),
});
export type ReadThreadAsAdmin = z.output<typeof ReadThreadAsAdmin>;

export const toAdminThread = (row: AdminThreadRow): AdminThread => ({
  id: row.id,
  listingId: row.listingId,
  bookingId: row.bookingId,
  guestId: row.guestId,
  hostId: row.hostId,
  contactsShown: row.contactsShown,
  messageCount: row.messageCount,
  createdAt: row.createdAt.toISOString(),
  lastMessageAt: row.lastMessageAt.toISOString(),
});

export const toAdminMessage = (row: MessageRow): AdminMessage => ({
  id: row.id,
  senderId: row.senderId,
  senderErased: row.erased,
  text: row.text,
  hidden: row.hidden,
  moderation: row.moderation && { ...row.moderation, at: new Date(row.moderation.at).toISOString() },
  sentAt: row.sentAt.toISOString(),
});
