import { BatchedEdge, Resolver } from '@roost/graphql';
import type { AuthUser } from '@roost/http';
import { MessageReader } from '../message/message-reader.service.js';
import { Thread } from '../message/message.dto.js';
import { BookingReader } from './booking-reader.service.js';
import { Booking } from './booking.dto.js';

/** The booking of a thread. */
@Resolver(Thread)
export class ThreadBookingResolver {
  constructor(private readonly bookings: BookingReader) {}

  @BatchedEdge(Booking.nullable())
  async booking(threads: readonly Thread[], viewer: AuthUser | null): Promise<(Booking | null)[]> {
    const ids = threads.flatMap(({ bookingId }) => bookingId ?? []);
    const bookings = viewer && ids.length > 0 ? await this.bookings.readAll(viewer, ids) : [];
    return threads.map(({ bookingId }) => bookings.find(({ id }) => id === bookingId) ?? null);
  }
}

/** The thread of a booking. */
@Resolver(Booking)
export class BookingThreadResolver {
  constructor(private readonly threads: MessageReader) {}

  @BatchedEdge(Thread.nullable(), { description: 'Visible to its guest and its host only.' })
  async thread(bookings: readonly Booking[], viewer: AuthUser | null): Promise<(Thread | null)[]> {
    if (!viewer) return bookings.map(() => null);
    const threads = await this.threads.threads(
      viewer,
      bookings.map(({ id }) => id),
    );
    return bookings.map((booking) => threads.find(({ id }) => id === booking.id) ?? null);
  }
}
