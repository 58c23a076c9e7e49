import type { EventBody } from '@roost/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';

export type BookingState = EventBody<'booking.confirmed'>['state'];

/** The guest has been let in, or has stayed: cancelled and declined bookings open no door. */
const KNOWS_THE_DOOR: readonly BookingState[] = ['confirmed', 'in_stay', 'completed'];

export async function mirrorBooking(
  em: EntityManager,
  booking: Pick<EventBody<'booking.confirmed'>, 'bookingId' | 'listingId' | 'guestId' | 'state'>,
): Promise<void> {
  await em.execute(
    `INSERT INTO guest_stay (booking_id, listing_id, guest_id, state) VALUES (?, ?, ?, ?)
     ON CONFLICT (booking_id) DO UPDATE SET state = excluded.state`,
    [booking.bookingId, booking.listingId, booking.guestId, booking.state],
  );
}

export async function knowsTheDoor(em: EntityManager, userId: string, listingId: string): Promise<boolean> {
  const rows = await em.execute<{ state: BookingState }[]>(
    `SELECT DISTINCT state FROM guest_stay WHERE guest_id = ? AND listing_id = ?`,
    [userId, listingId],
  );
  return rows.some(({ state }) => KNOWS_THE_DOOR.includes(state));
}

/** Those of these listings whose door the user knows. */
export async function knownDoors(
  em: EntityManager,
  userId: string,
  listingIds: readonly string[],
): Promise<Set<string>> {
  const rows = await em.execute<{ id: string }[]>(
    `SELECT DISTINCT listing_id AS id FROM guest_stay
      WHERE guest_id = ? AND listing_id = ANY(?::uuid[]) AND state = ANY(?::text[])`,
    [userId, `{${listingIds.join(',')}}`, `{${KNOWS_THE_DOOR.join(',')}}`],
  );
  return new Set(rows.map(({ id }) => id));
}
