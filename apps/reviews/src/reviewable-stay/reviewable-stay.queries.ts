import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import type { Direction } from '../criteria/domain/direction.js';

const SMALLEST_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Stores the stay of a booking. `closesAt` is null while the stay may not be reviewed. A stay that has a review
 * window keeps it: later events do not change the row.
 */
export async function storeReviewableStay(
  em: EntityManager,
  booking: Pick<
    EventBody<'booking.created'>,
    'bookingId' | 'listingId' | 'hostId' | 'guestId' | 'checkInDate' | 'checkOutDate'
  >,
  closesAt: Date | null,
): Promise<void> {
  const { bookingId, listingId, hostId, guestId, checkInDate, checkOutDate } = booking;
  await em.execute(sql`
    INSERT INTO reviewable_stay AS s (booking_id, listing_id, host_id, guest_id, check_in_date, check_out_date,
      closes_at)
    VALUES (${bookingId}, ${listingId}, ${hostId}, ${guestId}, ${checkInDate}, ${checkOutDate}, ${closesAt})
    ON CONFLICT (booking_id) DO UPDATE
      SET check_in_date = excluded.check_in_date, check_out_date = excluded.check_out_date,
          closes_at = excluded.closes_at, version = s.version + 1
    WHERE s.closes_at IS NULL AND excluded.closes_at IS NOT NULL`);
}

export interface PendingStay {
  bookingId: string;
  listingId: string;
  hostId: string;
  guestId: string;
  checkInDate: string;
  checkOutDate: string;
  direction: Direction;
  closesAt: Date;
}

/**
 * The stays that the user has not reviewed and still may review at `now`, ordered by the end of their windows.
 * Reviews by the other side have no influence on the result.
 */
export async function findPendingStays(
  em: EntityManager,
  userId: string,
  now: Date,
  { after, limit }: { after: { closesAt: Date; bookingId: string } | null; limit: number },
): Promise<PendingStay[]> {
  const closesAfter = after?.closesAt ?? now;
  const bookingIdAfter = after?.bookingId ?? SMALLEST_UUID;
  const pendingBy = (side: 'guest' | 'host', direction: Direction) => sql`
    (SELECT booking_id AS "bookingId", listing_id AS "listingId", host_id AS "hostId", guest_id AS "guestId",
            check_in_date AS "checkInDate", check_out_date AS "checkOutDate", ${direction} AS direction,
            closes_at AS "closesAt"
       FROM reviewable_stay
      WHERE ${sql.ref(`${side}_id`)} = ${userId} AND NOT ${sql.ref(`${side}_reviewed`)} AND closes_at > ${now}
        AND (closes_at, booking_id) > (${closesAfter}::timestamptz, ${bookingIdAfter}::uuid)
      ORDER BY closes_at, booking_id LIMIT ${limit})`;
  return await em.execute<PendingStay[]>(sql`
    ${pendingBy('guest', 'guest_to_listing')} UNION ALL ${pendingBy('host', 'host_to_guest')}
    ORDER BY "closesAt", "bookingId" LIMIT ${limit}`);
}

/** The bookings with an unpublished review whose window ended at `now` or before, the earliest first. */
export async function findDueStays(em: EntityManager, now: Date, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT booking_id AS id FROM reviewable_stay WHERE due_at <= ${now}
     ORDER BY due_at, booking_id LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}
