import { ContactKindName, etagOf, Instant, PageQuery, RequiredText, Uuid } from '@roost/http';
import { z } from 'zod';
import type { MessageRow, ThreadRow } from './message-rows.js';

export const SendMessage = z.strictObject({ text: RequiredText(4000) }).meta({ id: 'SendMessage' });
export type SendMessage = z.output<typeof SendMessage>;

export const MarkRead = z
  .strictObject({ messageId: Uuid.meta({ description: 'The last message that has been read' }) })
  .meta({ id: 'MarkRead' });
export type MarkRead = z.output<typeof MarkRead>;

export const ListThreads = z
  .strictObject({ role: z.enum(['guest', 'host']).optional(), ...PageQuery })
  .meta({ id: 'ListThreads' });
export type ListThreads = z.output<typeof ListThreads>;

export const ListMessages = z.strictObject(PageQuery).meta({ id: 'ListMessages' });
export type ListMessages = z.output<typeof ListMessages>;

export const Message = z
  .object({
    id: Uuid,
    threadId: Uuid,
    senderId: Uuid,
    senderErased: z
      .boolean()
      .meta({ description: 'The account of the sender is erased, and the text is deleted' }),
    moderated: z.boolean().meta({
      description:
        'An administrator hides the message: `text` and `hidden` are empty. Independent of masked contact details',
    }),
    text: z.string().meta({ description: 'Contact details are masked until a booking is confirmed' }),
    hidden: z.array(ContactKindName).meta({
      description: 'The kinds of contact details that are masked in the text; empty while `moderated`',
    }),
    sentAt: Instant,
  })
  .meta({ id: 'Message' });
export type Message = z.output<typeof Message>;

export const Thread = z
  .object({
    id: Uuid,
    listingId: Uuid,
    bookingId: Uuid.nullable().meta({ description: 'Null for an enquiry' }),
    guestId: Uuid,
    hostId: Uuid,
    contactsShown: z
      .boolean()
      .meta({ description: 'True after a booking is confirmed: contact details are no longer masked' }),
    unreadCount: z.int().meta({ description: 'Messages of the other side that you have not marked as read' }),
    lastMessage: Message.nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'Thread', description: 'The messages between a guest and a host' });
export type Thread = z.output<typeof Thread>;

export function toMessageDto(row: MessageRow, contactsShown: boolean): Message {
  const moderated = row.moderation !== null;
  const text = contactsShown ? row.text : (row.maskedText ?? row.text);
  return {
    id: row.id,
    threadId: row.threadId,
    senderId: row.senderId,
    senderErased: row.erased,
    moderated,
    text: moderated ? '' : text,
    hidden: moderated || contactsShown ? [] : row.hidden,
    sentAt: new Date(row.sentAt).toISOString(),
  };
}

/** Differs for each side, and changes when contact details are no longer masked. */
export const tagOfThread = ({ version, contactsShown }: ThreadRow, viewerId: string): string =>
  etagOf(`${version}/${contactsShown}`, viewerId);

export function toThreadDto(row: ThreadRow, last: MessageRow | undefined, viewerId: string): Thread {
  return {
    id: row.id,
    listingId: row.listingId,
    bookingId: row.bookingId,
    guestId: row.guestId,
    hostId: row.hostId,
    contactsShown: row.contactsShown,
    unreadCount: viewerId === row.guestId ? row.guestUnread : row.hostUnread,
    lastMessage: last ? toMessageDto(last, row.contactsShown) : null,
    createdAt: new Date(row.createdAt).toISOString(),
  };
}
