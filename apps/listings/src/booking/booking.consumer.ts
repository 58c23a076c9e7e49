import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { mirrorBooking } from './booking.queries.js';

type StayEvent = 'booking.confirmed' | 'booking.checked-in' | 'booking.completed' | 'booking.cancelled';

/** Who may see an exact address: the guests whose booking is confirmed. */
@Controller()
export class BookingConsumer {
  constructor(private readonly transactions: Transactions) {}

  /** Facts of one booking come in order, so the last state is the present one. */
  @OnEvent('booking.confirmed', 'booking.checked-in', 'booking.completed', 'booking.cancelled')
  async stateChanged(body: EventBody<StayEvent>): Promise<void> {
    await this.transactions.run((em) => mirrorBooking(em, body));
  }
}
