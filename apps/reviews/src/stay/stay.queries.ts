import type { EntityManager } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import type { Direction } from '../review/domain/direction.js';

/** `closesAt` null: it may not be reviewed (yet). A stay that once could stays so. */
export async function mirrorStay(
  em: EntityManager,
  booking: Pick<
    EventBody<'booking.created'>,
    'bookingId' | 'listingId' | 'hostId' | 'guestId' | 'checkInDate' | 'checkOutDate'
  >,
  closesAt: Date | null,
): Promise<void> {
  await em.execute(
    `INSERT INTO stay AS s (booking_id, listing_id, host_id, guest_id, check_in_date, check_out_date, closes_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (booking_id) DO UPDATE
       SET check_in_date = excluded.check_in_date, check_out_date = excluded.check_out_date,
           closes_at = excluded.closes_at, version = s.version + 1
     WHERE s.closes_at IS NULL AND excluded.closes_at IS NOT NULL`,
    [
      booking.bookingId,
      booking.listingId,
      booking.hostId,
      booking.guestId,
      booking.checkInDate,
      booking.checkOutDate,
      closesAt,
    ],
  );
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

/** What this person may still review, soonest to close first. What the other side has written plays no part in it. */
export async function pendingOf(
  em: EntityManager,
  userId: string,
  now: Date,
  { after, limit }: { after: { closesAt: Date; bookingId: string } | null; limit: number },
): Promise<PendingStay[]> {
  const side = (name: 'guest' | 'host', direction: Direction) =>
    `(SELECT booking_id AS "bookingId", listing_id AS "listingId", host_id AS "hostId", guest_id AS "guestId",
             check_in_date AS "checkInDate", check_out_date AS "checkOutDate", '${direction}' AS direction,
             closes_at AS "closesAt"
        FROM stay WHERE ${name}_id = ? AND NOT ${name}_wrote AND closes_at > ?
          AND (closes_at, booking_id) > (?::timestamptz, ?::uuid)
       ORDER BY closes_at, booking_id LIMIT ?)`;
  const from = [after?.closesAt ?? now, after?.bookingId ?? '00000000-0000-0000-0000-000000000000', limit];
  return await em.execute<PendingStay[]>(
    `${side('guest', 'guest_to_listing')} UNION ALL ${side('host', 'host_to_guest')}
     ORDER BY "closesAt", "bookingId" LIMIT ?`,
    [userId, now, ...from, userId, now, ...from, limit],
  );
}

/** Stays whose window has closed on something unpublished. */
export async function dueStays(em: EntityManager, now: Date, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    'SELECT booking_id AS id FROM stay WHERE due_at <= ? ORDER BY due_at, booking_id LIMIT ?',
    [now, limit],
  );
  return rows.map(({ id }) => id);
}
