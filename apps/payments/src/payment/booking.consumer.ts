import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent } from '@roost/messaging';
import { PaymentService } from './payment.service.js';

/** What bookings tell. Each handler runs in one transaction with its inbox row and calls no provider. */
@Controller()
export class BookingConsumer {
  constructor(private readonly payments: PaymentService) {}

  @OnEvent('booking.created')
  created(booking: EventBody<'booking.created'>): Promise<void> {
    return this.payments.openFor(booking);
  }

  @OnEvent('booking.requested')
  requested(booking: EventBody<'booking.requested'>): Promise<void> {
    return this.payments.follow(booking.bookingId, { kind: 'requested' });
  }

  @OnEvent('booking.accepted')
  accepted(booking: EventBody<'booking.accepted'>): Promise<void> {
    return this.payments.follow(booking.bookingId, { kind: 'accepted' });
  }

  @OnEvent('booking.confirmed')
  confirmed(booking: EventBody<'booking.confirmed'>): Promise<void> {
    return this.payments.follow(booking.bookingId, { kind: 'confirmed' });
  }

  @OnEvent('booking.declined')
  declined(booking: EventBody<'booking.declined'>): Promise<void> {
    return this.payments.follow(booking.bookingId, { kind: 'declined' });
  }

  @OnEvent('booking.expired')
  expired(booking: EventBody<'booking.expired'>): Promise<void> {
    return this.payments.follow(booking.bookingId, { kind: 'expired', cause: booking.cause });
  }

  @OnEvent('booking.cancelled')
  async cancelled(booking: EventBody<'booking.cancelled'>): Promise<void> {
    await this.payments.follow(
      booking.bookingId,
      { kind: 'cancelled', refundMinor: booking.refundMinor },
      {
        hostMinor: booking.hostPayoutMinor,
        platformMinor: booking.platformFeeMinor,
        taxMinor: booking.taxMinor,
      },
    );
    if (booking.hostPenaltyMinor > 0) await this.payments.reservePenalty(booking);
  }
}
