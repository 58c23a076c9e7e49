import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';

export type BookingState = EventBody<'booking.confirmed'>['state'];

/** The states in which the guest may see the exact address of the listing. */
const STATES_WITH_ADDRESS_ACCESS: readonly BookingState[] = ['confirmed', 'in_stay', 'completed'];

/** Stores the state of a booking. Booking events are facts without a version; they arrive in order. */
export async function mirrorBooking(
  em: EntityManager,
  booking: Pick<EventBody<'booking.confirmed'>, 'bookingId' | 'listingId' | 'guestId' | 'state'>,
): Promise<void> {
  const { bookingId, listingId, guestId, state } = booking;
  await em.execute(sql`
    INSERT INTO guest_booking (booking_id, listing_id, guest_id, state)
    VALUES (${bookingId}, ${listingId}, ${guestId}, ${state})
    ON CONFLICT (booking_id) DO UPDATE SET state = excluded.state`);
}

/** Whether the user has a booking of this listing that reveals its exact address. */
export async function maySeeExactAddress(
  em: EntityManager,
  userId: string,
  listingId: string,
): Promise<boolean> {
  return (await listingsWithAddressAccess(em, userId, [listingId])).has(listingId);
}

/** Those of these listings whose exact address the user may see because of a booking. */
export async function listingsWithAddressAccess(
  em: EntityManager,
  userId: string,
  listingIds: readonly string[],
): Promise<Set<string>> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT DISTINCT listing_id AS id FROM guest_booking
     WHERE guest_id = ${userId} AND listing_id = ANY(ARRAY[${listingIds}]::uuid[])
       AND state = ANY(ARRAY[${STATES_WITH_ADDRESS_ACCESS}]::text[])`);
  return new Set(rows.map(({ id }) => id));
}

/** Deletes the bookings for which an erased guest may see addresses. */
export async function deleteGuestBookings(em: EntityManager, guestId: string): Promise<void> {
  await em.execute(sql`DELETE FROM guest_booking WHERE guest_id = ${guestId}`);
}
