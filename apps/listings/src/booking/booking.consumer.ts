import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { mirrorBooking } from './booking.queries.js';

type BookingStateEvent =
  'booking.confirmed' | 'booking.checked-in' | 'booking.completed' | 'booking.cancelled';

/** Mirrors the state of bookings, which decides who may see an exact address. */
@Controller()
export class BookingConsumer {
  constructor(private readonly transactions: Transactions) {}

  /** Events of one booking arrive in order, so the last state is the current one. */
  @OnEvent('booking.confirmed', 'booking.checked-in', 'booking.completed', 'booking.cancelled')
  async stateChanged(body: EventBody<BookingStateEvent>): Promise<void> {
    await this.transactions.run((em) => mirrorBooking(em, body));
  }
}
