import type { EntityManager } from '@mikro-orm/postgresql';
import { isActive } from '../account/account.queries.js';
import { toArray } from '../calendar/calendar.queries.js';
import type { ContactKind } from './domain/contact-masking.js';
import type { ListThreads } from './message.dto.js';

/** Classes of advisory locks beside those of the calendar, which end at 4103. */
const senderLock = 4104;
const threadLock = 4105;

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

export interface MessageRow {
  id: string;
  seq: number;
  threadId: string;
  senderId: string;
  text: string;
  maskedText: string | null;
  hidden: ContactKind[];
  erased: boolean;
  sentAt: Date;
}

/** Of a booking's thread its own booking counts, of an enquiry any that the guest has had of the listing. */
const contactsShown = `
  CASE WHEN t.booking_id IS NOT NULL
    THEN EXISTS (SELECT FROM booking b WHERE b.id = t.booking_id AND b.confirmed_at IS NOT NULL)
    ELSE EXISTS (SELECT FROM booking b
      WHERE b.guest_id = t.guest_id AND b.listing_id = t.listing_id AND b.confirmed_at IS NOT NULL) END`;

const threadColumns = `t.id, t.version, t.listing_id AS "listingId", t.booking_id AS "bookingId", t.guest_id AS "guestId",
  t.host_id AS "hostId", t.last_seq AS "lastSeq", t.guest_read_seq AS "guestReadSeq", t.host_read_seq AS "hostReadSeq",
  t.guest_unread AS "guestUnread", t.host_unread AS "hostUnread", t.created_at AS "createdAt",
  ${contactsShown} AS "contactsShown"`;

const messageColumns = `m.id, m.seq, m.thread_id AS "threadId", m.sender_id AS "senderId", m.text,
  m.masked_text AS "maskedText", m.hidden, m.erased, m.sent_at AS "sentAt"`;

/** Those of these threads that the viewer takes part in. A booking's is there before anybody has written in it. */
export async function findThreads(
  em: EntityManager,
  ids: readonly string[],
  viewerId: string,
): Promise<ThreadRow[]> {
  return await em.execute<ThreadRow[]>(
    `SELECT ${threadColumns} FROM (
       SELECT * FROM thread WHERE id = ANY(?::uuid[])
       UNION ALL
       SELECT id, 0, listing_id, id, guest_id, host_id, 0, 0, 0, 0, 0, created_at, created_at FROM booking b
       WHERE id = ANY(?::uuid[]) AND guest_id <> host_id AND NOT EXISTS (SELECT FROM thread WHERE thread.id = b.id)
     ) t WHERE ? IN (t.guest_id, t.host_id)`,
    [toArray(ids), toArray(ids), viewerId],
  );
}

/** With the newest message first; `before` is the `lastSeq` that the page before ended with. */
export async function listThreads(
  em: EntityManager,
  viewerId: string,
  { role, limit, before }: Pick<ListThreads, 'role' | 'limit'> & { before: number | null },
): Promise<ThreadRow[]> {
  const sides = role ? [role] : (['guest', 'host'] as const);
  const ofSide = (side: 'guest' | 'host') =>
    `(SELECT * FROM thread WHERE ${side}_id = ? AND last_seq < coalesce(?::bigint, 9223372036854775807)
      ORDER BY last_seq DESC LIMIT ?)`;
  return await em.execute<ThreadRow[]>(
    `SELECT ${threadColumns} FROM (${sides.map(ofSide).join(' UNION ALL ')}) t ORDER BY t.last_seq DESC LIMIT ?`,
    [...sides.flatMap(() => [viewerId, before, limit + 1]), limit + 1],
  );
}

/** The last message of each of these threads that has one. */
export async function lastMessages(
  em: EntityManager,
  threads: readonly Pick<ThreadRow, 'id' | 'lastSeq'>[],
): Promise<Map<string, MessageRow>> {
  const written = threads.filter(({ lastSeq }) => Number(lastSeq) > 0);
  if (written.length === 0) return new Map();
  const rows = await em.execute<MessageRow[]>(
    `SELECT ${messageColumns} FROM unnest(?::uuid[], ?::bigint[]) AS last (thread_id, seq)
     JOIN message m USING (thread_id, seq)`,
    [toArray(written.map(({ id }) => id)), toArray(written.map(({ lastSeq }) => lastSeq))],
  );
  return new Map(rows.map((row) => [row.threadId, row]));
}

/** `limit + 1` messages of each thread, newest first. */
export async function listMessages(
  em: EntityManager,
  threadIds: readonly string[],
  limit: number,
  before: number | null,
): Promise<Map<string, MessageRow[]>> {
  const rows = await em.execute<MessageRow[]>(
    `SELECT ${messageColumns} FROM unnest(?::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
       SELECT * FROM message WHERE thread_id = wanted.id AND seq < coalesce(?::bigint, 9223372036854775807)
       ORDER BY seq DESC LIMIT ?) m ORDER BY m.seq DESC`,
    [toArray(threadIds), before, limit + 1],
  );
  return Map.groupBy(rows, ({ threadId }) => threadId);
}

export async function findMessage(
  em: EntityManager,
  threadId: string,
  id: string,
): Promise<MessageRow | null> {
  const [row] = await em.execute<MessageRow[]>(
    `SELECT ${messageColumns} FROM message m WHERE m.thread_id = ? AND m.id = ?`,
    [threadId, id],
  );
  return row ?? null;
}

/** Whoever writes: one message of a person at a time, so that limits are counted right. */
export async function lockSender(em: EntityManager, userId: string): Promise<void> {
  await em.execute('SELECT pg_advisory_xact_lock(?::int, hashtext(?))', [senderLock, userId]);
}

/** After the sender's, before anything is written: messages of a thread are one after the other. */
export async function lockThread(em: EntityManager, threadId: string): Promise<void> {
  await em.execute('SELECT pg_advisory_xact_lock(?::int, hashtext(?))', [threadLock, threadId]);
}

/** When the oldest of the last `most` messages of this person was written, if that is after `since`. */
export async function messageOverLimit(
  em: EntityManager,
  senderId: string,
  most: number,
  since: Date,
): Promise<Date | null> {
  const [row] = await em.execute<{ at: Date }[]>(
    `SELECT written_at AS at FROM message WHERE sender_id = ? AND written_at > ?
     ORDER BY written_at DESC OFFSET ? LIMIT 1`,
    [senderId, since, most - 1],
  );
  return row ? new Date(row.at) : null;
}

/** The same of the enquiries that a guest has begun. */
export async function enquiryOverLimit(
  em: EntityManager,
  guestId: string,
  most: number,
  since: Date,
): Promise<Date | null> {
  const [row] = await em.execute<{ at: Date }[]>(
    `SELECT opened_at AS at FROM thread WHERE guest_id = ? AND booking_id IS NULL AND opened_at > ?
     ORDER BY opened_at DESC OFFSET ? LIMIT 1`,
    [guestId, since, most - 1],
  );
  return row ? new Date(row.at) : null;
}

/** Whether each of the two may take part. */
export async function bothActive(
  em: EntityManager,
  senderId: string,
  recipientId: string,
): Promise<{ sender: boolean; recipient: boolean }> {
  const [row] = await em.execute<[{ sender: boolean; recipient: boolean }]>(
    `SELECT ${isActive('?')} AS sender, ${isActive('?')} AS recipient`,
    [senderId, recipientId],
  );
  return row;
}

export interface NewMessage {
  id: string;
  thread: Pick<ThreadRow, 'id' | 'listingId' | 'bookingId' | 'guestId' | 'hostId'>;
  senderId: string;
  text: string;
  maskedText: string | null;
  hidden: readonly ContactKind[];
  /** In domain time. */
  sentAt: Date;
  /** In system time, by which limits are counted. */
  writtenAt: Date;
}

/** The message, and its thread if it is the first one. Who writes has read what came before. */
export async function addMessage(em: EntityManager, message: NewMessage): Promise<MessageRow> {
  const { thread } = message;
  const [own, other] = message.senderId === thread.guestId ? ['guest', 'host'] : ['host', 'guest'];
  const [row] = await em.execute<[MessageRow]>(
    `WITH next AS MATERIALIZED (SELECT nextval('message_seq') AS seq),
     kept AS (
       INSERT INTO thread AS mine (id, listing_id, booking_id, guest_id, host_id, last_seq, ${own}_read_seq, ${other}_unread,
         created_at, opened_at)
       SELECT ?::uuid, ?::uuid, ?::uuid, ?::uuid, ?::uuid, seq, seq, 1, ?::timestamptz, ?::timestamptz FROM next
       ON CONFLICT (id) DO UPDATE SET version = mine.version + 1, last_seq = excluded.last_seq,
         ${own}_read_seq = excluded.last_seq, ${own}_unread = 0, ${other}_unread = mine.${other}_unread + 1)
     INSERT INTO message AS m (id, seq, thread_id, sender_id, text, masked_text, hidden, sent_at, written_at)
     SELECT ?::uuid, seq, ?::uuid, ?::uuid, ?, ?, ?::text[], ?::timestamptz, ?::timestamptz FROM next
     RETURNING ${messageColumns}`,
    [
      thread.id,
      thread.listingId,
      thread.bookingId,
      thread.guestId,
      thread.hostId,
      message.sentAt,
      message.writtenAt,
      message.id,
      thread.id,
      message.senderId,
      message.text,
      message.maskedText,
      toArray(message.hidden),
      message.sentAt,
      message.writtenAt,
    ],
  );
  return row;
}

/** A mark never goes back. */
export async function markRead(
  em: EntityManager,
  threadId: string,
  side: 'guest' | 'host',
  seq: number,
): Promise<void> {
  await em.execute(
    `UPDATE thread t SET version = version + 1, ${side}_read_seq = ?::bigint,
       ${side}_unread = (SELECT count(*) FROM message m
         WHERE m.thread_id = t.id AND m.seq > ?::bigint AND m.sender_id <> t.${side}_id)
     WHERE id = ? AND ${side}_read_seq < ?::bigint`,
    [seq, seq, threadId, seq],
  );
}

/** Nothing stays of what this person wrote but that there was a message. */
export async function eraseMessages(em: EntityManager, senderId: string): Promise<void> {
  await em.execute(
    `WITH erased AS (
       UPDATE message SET text = '', masked_text = NULL, hidden = '{}', erased = true
       WHERE sender_id = ? AND NOT erased RETURNING thread_id)
     UPDATE thread SET version = version + 1 WHERE id IN (SELECT thread_id FROM erased)`,
    [senderId],
  );
}
