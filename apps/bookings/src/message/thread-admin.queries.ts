import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { BEFORE_ALL, contactsShown } from './message.queries.js';
import type { AdminThreadRow } from './message-rows.js';
import type { AdminThreadsQuery } from './thread-admin.dto.js';

const adminColumns = sql`t.id, t.listing_id AS "listingId", t.booking_id AS "bookingId", t.guest_id AS "guestId",
  t.host_id AS "hostId", ${contactsShown} AS "contactsShown", t.created_at AS "createdAt", t.last_seq AS "lastSeq",
  (SELECT count(*)::int FROM message m WHERE m.thread_id = t.id) AS "messageCount",
  (SELECT m.sent_at FROM message m WHERE m.thread_id = t.id AND m.seq = t.last_seq) AS "lastMessageAt"`;

/** Up to `limit + 1` threads of all users, newest message first. */
export async function listAllThreads(
  em: EntityManager,
  filter: Omit<AdminThreadsQuery, 'cursor'> & { before: number | null },
): Promise<(AdminThreadRow & { lastSeq: number })[]> {
  const { id = null, type = null, userId = null, bookingId = null, listingId = null, before, limit } = filter;
  const { createdFrom: from = null, createdTo: to = null } = filter;
  const matches = sql`last_seq < coalesce(${before}::bigint, ${BEFORE_ALL})
    AND (${id}::uuid IS NULL OR id = ${id}::uuid)
    AND (${type}::text IS NULL OR (booking_id IS NULL) = (${type}::text = 'enquiry'))
    AND (${bookingId}::uuid IS NULL OR booking_id = ${bookingId}::uuid)
    AND (${listingId}::uuid IS NULL OR listing_id = ${listingId}::uuid)
    AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
    AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
    ORDER BY last_seq DESC LIMIT ${limit + 1}`;
  const threads = userId
    ? sql`(SELECT * FROM thread WHERE guest_id = ${userId} AND ${matches})
        UNION ALL (SELECT * FROM thread WHERE host_id = ${userId} AND ${matches})`
    : sql`SELECT * FROM thread WHERE ${matches}`;
  return await em.execute<(AdminThreadRow & { lastSeq: number })[]>(sql`
    SELECT ${adminColumns} FROM (${threads}) t ORDER BY t.last_seq DESC LIMIT ${limit + 1}`);
}

export async function findThreadForAdmin(em: EntityManager, id: string): Promise<AdminThreadRow | null> {
  const [row] = await em.execute<AdminThreadRow[]>(
    sql`SELECT ${adminColumns} FROM thread t WHERE t.id = ${id}`,
  );
  return row ?? null;
}

/** Whether a message is hidden by an administrator; null if there is no such message. */
export async function findModeration(
  em: EntityManager,
  messageId: string,
): Promise<{ threadId: string; moderated: boolean } | null> {
  const [row] = await em.execute<{ threadId: string; moderated: boolean }[]>(sql`
    SELECT thread_id AS "threadId", moderated_at IS NOT NULL AS moderated FROM message WHERE id = ${messageId}`);
  return row ?? null;
}

export interface Moderation {
  at: Date;
  adminId: string;
  reason: string;
}

/**
 * Hides a message, or restores it with `null`. The version of the thread changes, because its last message may. The first
 * message of a booking's thread is also hidden in the booking, which is written before the message, as by an erasure.
 */
export async function moderateMessage(
  em: EntityManager,
  { messageId, threadId }: { messageId: string; threadId: string },
  moderation: Moderation | null,
): Promise<void> {
  await em.execute(sql`
    UPDATE booking b SET version = version + 1, message_moderated = ${moderation !== null}
    WHERE b.id = ${threadId} AND b.message IS NOT NULL
      AND ${messageId} = (SELECT m.id FROM message m WHERE m.thread_id = ${threadId} ORDER BY m.seq LIMIT 1)`);
  await em.execute(sql`
    WITH changed AS (
      UPDATE message SET moderated_at = ${moderation?.at ?? null}::timestamptz,
        moderated_by = ${moderation?.adminId ?? null}::uuid, moderation_reason = ${moderation?.reason ?? null}
      WHERE id = ${messageId} RETURNING thread_id)
    UPDATE thread SET version = version + 1 WHERE id IN (SELECT thread_id FROM changed)`);
}
