import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { storePayoutTerms } from './payout-booking.queries.js';

/** Mirrors when the hosts of bookings are paid. How much they are paid is the balance of the ledger. */
@Controller()
export class PayoutConsumer {
  constructor(private readonly transactions: Transactions) {}

  /** Check-in and check-out too: payments may have been installed after the confirmation. */
  @OnEvent('booking.confirmed', 'booking.change-applied', 'booking.checked-in', 'booking.completed')
  changed(booking: EventBody<'booking.accepted'>): Promise<void> {
    return this.store(booking, false);
  }

  @OnEvent('booking.cancelled')
  cancelled(booking: EventBody<'booking.cancelled'>): Promise<void> {
    return this.store(booking, true);
  }

  private store(booking: EventBody<'booking.accepted'>, cancelled: boolean): Promise<void> {
    const {
      bookingId,
      hostId,
      currency,
      checkInDate,
      checkOutDate,
      timeZone,
      payoutDueAt: firstDueAt,
    } = booking;
    return this.transactions.run((em) =>
      storePayoutTerms(em, {
        ...{ bookingId, hostId, currency, checkInDate, checkOutDate, timeZone },
        firstDueAt,
        cancelled,
      }),
    );
  }
}
