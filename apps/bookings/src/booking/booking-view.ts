import type { EntityManager } from '@mikro-orm/postgresql';
import { toBookingDto, type Booking as BookingDto } from './booking.dto.js';
import type { Booking } from './booking.entity.js';
import { historyOf } from './booking.queries.js';
import { openChangesOf } from './change/change.queries.js';

/** The response for a booking, with its history and its open change. */
export async function viewOf(em: EntityManager, booking: Booking): Promise<BookingDto> {
  const [view] = await viewsOf(em, [booking]);
  if (!view) throw new Error('the view of a booking is missing');
  return view;
}

export async function viewsOf(em: EntityManager, bookings: readonly Booking[]): Promise<BookingDto[]> {
  const histories = await historyOf(
    em,
    bookings.map(({ id }) => id),
  );
  const changes = await openChangesOf(em, bookings);
  return bookings.map((booking) =>
    toBookingDto(booking, histories.get(booking.id) ?? [], changes.get(booking.id) ?? null),
  );
}
