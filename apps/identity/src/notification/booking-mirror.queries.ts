import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import { mirror } from '@roost/messaging';
import type { BookingMirror, BookingState } from './domain/notification.js';

/** The fields that every event of a booking carries. */
export type BookingFacts = EventBody<'booking.created'>;

/**
 * Stores the booking of an event and returns the state before it, or null for a booking without an earlier event.
 * Each event of a booking has a version of its own, so an equal version is the same event.
 */
export async function mirrorBooking(
  em: EntityManager,
  body: BookingFacts,
  version: number,
): Promise<BookingState | null> {
  const [previous] = await em.execute<{ state: BookingState }[]>(sql`
    SELECT state FROM stay WHERE booking_id = ${body.bookingId} FOR UPDATE`);
  await mirror(em, {
    table: 'stay',
    key: { booking_id: body.bookingId },
    version,
    values: {
      listing_id: body.listingId,
      host_id: body.hostId,
      guest_id: body.guestId,
      state: body.state,
      check_in_date: body.checkInDate,
      check_out_date: body.checkOutDate,
      time_zone: body.timeZone,
      check_in_at: body.checkInAt,
      check_out_at: body.checkOutAt,
      guests: body.guests,
      currency: body.currency,
      total_minor: body.totalMinor,
      host_payout_minor: body.hostPayoutMinor,
    },
  });
  return previous?.state ?? null;
}

export async function findBookingMirror(em: EntityManager, bookingId: string): Promise<BookingMirror | null> {
  const [booking] = await em.execute<BookingMirror[]>(sql`
    SELECT booking_id AS "bookingId", listing_id AS "listingId", host_id AS "hostId", guest_id AS "guestId", state,
      check_in_date AS "checkInDate", check_out_date AS "checkOutDate", time_zone AS "timeZone",
      check_in_at AS "checkInAt", check_out_at AS "checkOutAt", guests, currency, total_minor AS "totalMinor",
      host_payout_minor AS "hostPayoutMinor"
    FROM stay WHERE booking_id = ${bookingId}`);
  return booking ?? null;
}
