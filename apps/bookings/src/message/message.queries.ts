import { type EntityManager, raw, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';
import type { ContactKind } from '@roost/contacts';
import { z } from 'zod';
import type { MessageRow, Side, ThreadRow } from './message-rows.js';

/** The classes of the advisory locks; the calendar has 4101 to 4103. */
const SENDER_LOCK = 4104;
const THREAD_LOCK = 4105;

/** For a booking's thread, its own booking is confirmed; for an enquiry, any booking of the guest and the listing. */
export const contactsShown = sql`
  CASE WHEN t.booking_id IS NOT NULL
    THEN EXISTS (SELECT FROM booking b WHERE b.id = t.booking_id AND b.confirmed_at IS NOT NULL)
    ELSE EXISTS (SELECT FROM booking b
      WHERE b.guest_id = t.guest_id AND b.listing_id = t.listing_id AND b.confirmed_at IS NOT NULL) END`;

const threadColumns = sql`t.id, t.version, t.listing_id AS "listingId", t.booking_id AS "bookingId", t.guest_id AS "guestId",
  t.host_id AS "hostId", t.last_seq AS "lastSeq", t.guest_read_seq AS "guestReadSeq", t.host_read_seq AS "hostReadSeq",
  t.guest_unread AS "guestUnread", t.host_unread AS "hostUnread", t.created_at AS "createdAt",
  ${contactsShown} AS "contactsShown"`;

const messageColumns = sql`m.id, m.seq, m.thread_id AS "threadId", m.sender_id AS "senderId", m.text,
  m.masked_text AS "maskedText", m.hidden, m.erased, m.sent_at AS "sentAt",
  CASE WHEN m.moderated_at IS NOT NULL THEN jsonb_build_object(
    'at', m.moderated_at, 'adminId', m.moderated_by, 'reason', m.moderation_reason) END AS moderation`;

/** The columns of a side of a thread. */
const columnsOf = (side: Side) => ({
  id: raw(`${side}_id`),
  readSeq: raw(`${side}_read_seq`),
  unread: raw(`${side}_unread`),
});

export const BEFORE_ALL = raw('9223372036854775807');

/** The key in the cursors of threads and messages: the `lastSeq` or `seq` of the last row. */
export const Position = z.tuple([z.int().min(0)]);

/** The threads among these in which the viewer takes part. The thread of a booking exists before its first message. */
export async function findThreads(
  em: EntityManager,
  ids: readonly string[],
  viewerId: string,
): Promise<ThreadRow[]> {
  return await em.execute<ThreadRow[]>(sql`
    SELECT ${threadColumns} FROM (
      SELECT * FROM thread WHERE id = ANY(ARRAY[${ids}]::uuid[])
      UNION ALL
      SELECT id, 0, listing_id, id, guest_id, host_id, 0, 0, 0, 0, 0, created_at, created_at FROM booking b
      WHERE id = ANY(ARRAY[${ids}]::uuid[]) AND guest_id <> host_id
        AND NOT EXISTS (SELECT FROM thread WHERE thread.id = b.id)
    ) t WHERE ${viewerId} IN (t.guest_id, t.host_id)`);
}

/** Up to `limit + 1` threads, newest message first. `before`: the `lastSeq` of the last thread of the previous page. */
export async function listThreads(
  em: EntityManager,
  viewerId: string,
  { role, limit, before }: { role?: Side | undefined; limit: number; before: number | null },
): Promise<ThreadRow[]> {
  const ofSide = (side: Side) => sql`
    (SELECT * FROM thread WHERE ${columnsOf(side).id} = ${viewerId} AND last_seq < coalesce(${before}::bigint, ${BEFORE_ALL})
     ORDER BY last_seq DESC LIMIT ${limit + 1})`;
  const threads = role ? ofSide(role) : sql`${ofSide('guest')} UNION ALL ${ofSide('host')}`;
  return await em.execute<ThreadRow[]>(sql`
    SELECT ${threadColumns} FROM (${threads}) t ORDER BY t.last_seq DESC LIMIT ${limit + 1}`);
}

/** The last message of each of these threads that has a message. */
export async function lastMessages(
  em: EntityManager,
  threads: readonly Pick<ThreadRow, 'id' | 'lastSeq'>[],
): Promise<Map<string, MessageRow>> {
  const written = threads.filter(({ lastSeq }) => Number(lastSeq) > 0);
  if (written.length === 0) return new Map();
  const ids = written.map(({ id }) => id);
  const seqs = written.map(({ lastSeq }) => lastSeq);
  const rows = await em.execute<MessageRow[]>(sql`
    SELECT ${messageColumns} FROM unnest(ARRAY[${ids}]::uuid[], ARRAY[${seqs}]::bigint[]) AS last (thread_id, seq)
    JOIN message m USING (thread_id, seq)`);
  return new Map(rows.map((row) => [row.threadId, row]));
}

/** Up to `limit + 1` messages of each thread, newest first. */
export async function listMessages(
  em: EntityManager,
  threadIds: readonly string[],
  limit: number,
  before: number | null,
): Promise<Map<string, MessageRow[]>> {
  const rows = await em.execute<MessageRow[]>(sql`
    SELECT ${messageColumns} FROM unnest(ARRAY[${threadIds}]::uuid[]) AS requested (id) CROSS JOIN LATERAL (
      SELECT * FROM message WHERE thread_id = requested.id AND seq < coalesce(${before}::bigint, ${BEFORE_ALL})
      ORDER BY seq DESC LIMIT ${limit + 1}) m ORDER BY m.seq DESC`);
  return Map.groupBy(rows, ({ threadId }) => threadId);
}

export async function findMessage(
  em: EntityManager,
  threadId: string,
  id: string,
): Promise<MessageRow | null> {
  const [row] = await em.execute<MessageRow[]>(sql`
    SELECT ${messageColumns} FROM message m WHERE m.thread_id = ${threadId} AND m.id = ${id}`);
  return row ?? null;
}

export type ExportedMessage = MessageRow & Pick<ThreadRow, 'listingId' | 'bookingId' | 'contactsShown'>;

/** Selects all messages that the user has sent or received, by thread. */
export const messagesOfUser = (userId: string) => sql`
  SELECT ${messageColumns}, t.listing_id AS "listingId", t.booking_id AS "bookingId", ${contactsShown} AS "contactsShown"
  FROM thread t JOIN message m ON m.thread_id = t.id
  WHERE ${userId}::uuid IN (t.guest_id, t.host_id) ORDER BY t.id, m.seq`;

/** The message with this id, if the viewer takes part in its thread. */
export async function findMessageOf(
  em: EntityManager,
  viewerId: string,
  id: string,
): Promise<(MessageRow & { contactsShown: boolean }) | null> {
  const [row] = await em.execute<(MessageRow & { contactsShown: boolean })[]>(sql`
    SELECT ${messageColumns}, ${contactsShown} AS "contactsShown" FROM message m JOIN thread t ON t.id = m.thread_id
    WHERE m.id = ${id} AND ${viewerId} IN (t.guest_id, t.host_id)`);
  return row ?? null;
}

/** Allows one message of a user at a time, so that limits are counted correctly. */
export async function lockSender(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(${SENDER_LOCK}::int, hashtext(${userId}))`);
}

/** Allows one message of a thread at a time. Taken after the sender's lock, and before the first write. */
export async function lockThread(em: EntityManager, threadId: string): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(${THREAD_LOCK}::int, hashtext(${threadId}))`);
}

/** When the oldest of the user's last `limit` messages was written, if that is after `since`: the limit is reached. */
export async function messageOverLimit(
  em: EntityManager,
  senderId: string,
  limit: number,
  since: Date,
): Promise<Date | null> {
  const [row] = await em.execute<{ at: Date }[]>(sql`
    SELECT written_at AS at FROM message WHERE sender_id = ${senderId} AND written_at > ${since}
    ORDER BY written_at DESC OFFSET ${limit - 1} LIMIT 1`);
  return row ? new Date(row.at) : null;
}

/** The same for the enquiries of a guest. */
export async function enquiryOverLimit(
  em: EntityManager,
  guestId: string,
  limit: number,
  since: Date,
): Promise<Date | null> {
  const [row] = await em.execute<{ at: Date }[]>(sql`
    SELECT opened_at AS at FROM thread WHERE guest_id = ${guestId} AND booking_id IS NULL AND opened_at > ${since}
    ORDER BY opened_at DESC OFFSET ${limit - 1} LIMIT 1`);
  return row ? new Date(row.at) : null;
}

/** Whether each of the two users may act. */
export async function bothActive(
  em: EntityManager,
  senderId: string,
  recipientId: string,
): Promise<{ sender: boolean; recipient: boolean }> {
  const [row] = await em.execute<[{ sender: boolean; recipient: boolean }]>(sql`
    SELECT ${accountIsActive(senderId)} AS sender, ${accountIsActive(recipientId)} AS recipient`);
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

/** Inserts the message, and its thread before the first one. The sender has read all earlier messages. */
export async function addMessage(em: EntityManager, message: NewMessage): Promise<MessageRow> {
  const { id, thread, senderId, text, maskedText, hidden, sentAt, writtenAt } = message;
  const isGuest = senderId === thread.guestId;
  const own = columnsOf(isGuest ? 'guest' : 'host');
  const other = columnsOf(isGuest ? 'host' : 'guest');
  const [row] = await em.execute<[MessageRow]>(sql`
    WITH next AS MATERIALIZED (SELECT nextval('message_seq') AS seq),
    stored AS (
      INSERT INTO thread AS existing (id, listing_id, booking_id, guest_id, host_id, last_seq, ${own.readSeq},
        ${other.unread}, created_at, opened_at)
      SELECT ${thread.id}::uuid, ${thread.listingId}::uuid, ${thread.bookingId}::uuid, ${thread.guestId}::uuid,
        ${thread.hostId}::uuid, seq, seq, 1, ${sentAt}::timestamptz, ${writtenAt}::timestamptz FROM next
      ON CONFLICT (id) DO UPDATE SET version = existing.version + 1, last_seq = excluded.last_seq,
        ${own.readSeq} = excluded.${own.readSeq}, ${own.unread} = 0, ${other.unread} = existing.${other.unread} + 1)
    INSERT INTO message AS m (id, seq, thread_id, sender_id, text, masked_text, hidden, sent_at, written_at)
    SELECT ${id}::uuid, seq, ${thread.id}::uuid, ${senderId}::uuid, ${text}, ${maskedText}, ARRAY[${hidden}]::text[],
      ${sentAt}::timestamptz, ${writtenAt}::timestamptz FROM next
    RETURNING ${messageColumns}`);
  return row;
}

/** Moves the read mark of a side forward to `seq`; it never moves back. */
export async function markRead(em: EntityManager, threadId: string, side: Side, seq: number): Promise<void> {
  const own = columnsOf(side);
  await em.execute(sql`
    UPDATE thread t SET version = version + 1, ${own.readSeq} = ${seq}::bigint,
      ${own.unread} = (SELECT count(*) FROM message m
        WHERE m.thread_id = t.id AND m.seq > ${seq}::bigint AND m.sender_id <> t.${own.id})
    WHERE id = ${threadId} AND ${own.readSeq} < ${seq}::bigint`);
}

/** Deletes the texts of a user's messages; the messages themselves are kept. */
export async function eraseMessages(em: EntityManager, senderId: string): Promise<void> {
  await em.execute(sql`
    WITH erased AS (
      UPDATE message SET text = '', masked_text = NULL, hidden = '{}', erased = true
      WHERE sender_id = ${senderId} AND NOT erased RETURNING thread_id)
    UPDATE thread SET version = version + 1 WHERE id IN (SELECT thread_id FROM erased)`);
}
