import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent } from '@roost/messaging';
import { BookingChangeService } from './booking-change.service.js';
import { BookingPaymentService } from './booking-payment.service.js';

/** The events of bookings. Each handler runs in one transaction with its inbox row and calls no provider. */
@Controller()
export class BookingConsumer {
  constructor(
    private readonly bookings: BookingPaymentService,
    private readonly changes: BookingChangeService,
  ) {}

  @OnEvent('booking.created')
  created(booking: EventBody<'booking.created'>): Promise<void> {
    return this.bookings.create(booking);
  }

  @OnEvent('booking.requested')
  requested(booking: EventBody<'booking.requested'>): Promise<void> {
    return this.bookings.applyOutcome(booking, { kind: 'requested' });
  }

  @OnEvent('booking.accepted')
  accepted(booking: EventBody<'booking.accepted'>): Promise<void> {
    return this.bookings.applyOutcome(booking, { kind: 'accepted' });
  }

  @OnEvent('booking.confirmed')
  confirmed(booking: EventBody<'booking.confirmed'>): Promise<void> {
    return this.bookings.applyOutcome(booking, { kind: 'confirmed' });
  }

  @OnEvent('booking.declined')
  declined(booking: EventBody<'booking.declined'>): Promise<void> {
    return this.bookings.applyOutcome(booking, { kind: 'declined' });
  }

  @OnEvent('booking.expired')
  expired(booking: EventBody<'booking.expired'>): Promise<void> {
    return this.bookings.applyOutcome(booking, { kind: 'expired', cause: booking.cause });
  }

  @OnEvent('booking.cancelled')
  async cancelled(booking: EventBody<'booking.cancelled'>): Promise<void> {
    await this.bookings.cancel(booking);
    if (booking.hostPenaltyMinor > 0) await this.bookings.postHostPenalty(booking);
  }

  @OnEvent('booking.change-accepted')
  changeAccepted(change: EventBody<'booking.change-accepted'>): Promise<void> {
    return this.changes.createPayment(change);
  }

  @OnEvent('booking.change-applied')
  changeApplied(change: EventBody<'booking.change-applied'>): Promise<void> {
    return this.changes.apply(change);
  }

  @OnEvent('booking.change-closed')
  changeClosed(change: EventBody<'booking.change-closed'>): Promise<void> {
    return this.changes.close(change);
  }
}
