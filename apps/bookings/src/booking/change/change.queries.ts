import type { EntityManager } from '@mikro-orm/postgresql';
import type { Booking } from '../booking.entity.js';
import { BookingChange } from './change.entity.js';

/** The open change of a booking, or null. */
export async function findOpenChange(em: EntityManager, booking: Booking): Promise<BookingChange | null> {
  if (booking.openChangeId === null) return null;
  return await em.findOneOrFail(BookingChange, { id: booking.openChangeId });
}

/** The open changes of these bookings, by booking. */
export async function openChangesOf(
  em: EntityManager,
  bookings: readonly Booking[],
): Promise<Map<string, BookingChange>> {
  const ids = bookings.flatMap(({ openChangeId }) => openChangeId ?? []);
  if (ids.length === 0) return new Map();
  const changes = await em.find(BookingChange, { id: { $in: ids } });
  return new Map(changes.map((change) => [change.bookingId, change]));
}

export async function findChange(
  em: EntityManager,
  bookingId: string,
  changeId: string,
): Promise<BookingChange | null> {
  return await em.findOne(BookingChange, { id: changeId, bookingId });
}

/** The changes of a booking, newest first: up to `limit` before the change `before`. */
export async function listChanges(
  em: EntityManager,
  bookingId: string,
  before: string | null,
  limit: number,
): Promise<BookingChange[]> {
  return await em.find(
    BookingChange,
    { bookingId, ...(before === null ? {} : { id: { $lt: before } }) },
    { orderBy: { id: 'desc' }, limit },
  );
}

/** Whether a later change has been proposed, in whatever state it is: ids are in the order of creation. */
export async function isOvertaken(em: EntityManager, change: BookingChange): Promise<boolean> {
  return (await em.count(BookingChange, { bookingId: change.bookingId, id: { $gt: change.id } })) > 0;
}
