import { type EntityManager, sql } from '@mikro-orm/postgresql';

const hasEnded = sql`b.state IN ('completed', 'cancelled', 'declined', 'expired')`;

/**
 * Deletes the message and the reasons of up to `limit` ended bookings with a check-out before an instant; returns how
 * many. Reasons of administrators are kept.
 */
export async function deleteBookingTexts(
  em: EntityManager,
  { before, now, limit }: { before: Date; now: Date; limit: number },
): Promise<number> {
  const rows = await em.execute<unknown[]>(sql`
    WITH old AS (
      SELECT b.id FROM booking b
      WHERE b.check_out_at < ${before} AND b.texts_deleted_at IS NULL AND ${hasEnded}
      ORDER BY b.check_out_at LIMIT ${limit} FOR UPDATE SKIP LOCKED),
    reasons AS (
      UPDATE booking_history SET reason = NULL
      WHERE reason IS NOT NULL AND by <> 'admin' AND booking_id IN (SELECT id FROM old))
    UPDATE booking b SET texts_deleted_at = ${now}, message = NULL,
      version = b.version + (b.message IS NOT NULL OR coalesce(b.cancellation ->> 'by', 'admin') <> 'admin'
        OR EXISTS (SELECT FROM booking_history h
                   WHERE h.booking_id = b.id AND h.reason IS NOT NULL AND h.by <> 'admin'))::int,
      cancellation = CASE WHEN b.cancellation ->> 'by' <> 'admin'
        THEN jsonb_set(b.cancellation, '{reason}', '""') ELSE b.cancellation END
    FROM old WHERE b.id = old.id RETURNING b.id`);
  return rows.length;
}

/**
 * Deletes up to `limit` threads, with their messages, whose last message and check-out are before an instant; returns how
 * many. An enquiry is kept as long as the bookings of its guest at the listing. A thread that gets a message at the same
 * time is kept.
 */
export async function deleteThreads(
  em: EntityManager,
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const rows = await em.execute<unknown[]>(sql`
    WITH old AS (
      SELECT t.id FROM thread t
      JOIN message last ON last.thread_id = t.id AND last.seq = t.last_seq
      LEFT JOIN booking b ON b.id = t.booking_id
      WHERE t.created_at < ${before} AND last.sent_at < ${before}
        AND (b.id IS NULL OR (b.check_out_at < ${before} AND ${hasEnded}))
        AND (t.booking_id IS NOT NULL OR NOT EXISTS (
          SELECT FROM booking b WHERE b.guest_id = t.guest_id AND b.listing_id = t.listing_id
            AND NOT (b.check_out_at < ${before} AND ${hasEnded})))
      ORDER BY t.created_at LIMIT ${limit} FOR UPDATE OF t SKIP LOCKED),
    messages AS (DELETE FROM message WHERE thread_id IN (SELECT id FROM old))
    DELETE FROM thread WHERE id IN (SELECT id FROM old) RETURNING id`);
  return rows.length;
}
