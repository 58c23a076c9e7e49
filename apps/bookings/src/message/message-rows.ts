import type { ContactKind } from '@roost/contacts';

export type Side = 'guest' | 'host';

export interface ThreadRow {
  id: string;
  version: number;
  listingId: string;
  bookingId: string | null;
  guestId: string;
  hostId: string;
  lastSeq: number;
  guestReadSeq: number;
  hostReadSeq: number;
  guestUnread: number;
  hostUnread: number;
  createdAt: Date;
  contactsShown: boolean;
}

export interface MessageModeration {
  /** In JSON, as PostgreSQL formats it. */
  at: string;
  adminId: string;
  reason: string;
}

export interface MessageRow {
  id: string;
  seq: number;
  threadId: string;
  senderId: string;
  text: string;
  maskedText: string | null;
  hidden: ContactKind[];
  erased: boolean;
  /** Set while an administrator hides the message. */
  moderation: MessageModeration | null;
  sentAt: Date;
}

/** A thread without its texts, for administrators. */
export interface AdminThreadRow {
  id: string;
  listingId: string;
  bookingId: string | null;
  guestId: string;
  hostId: string;
  contactsShown: boolean;
  messageCount: number;
  createdAt: Date;
  lastMessageAt: Date;
}
