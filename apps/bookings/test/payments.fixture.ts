import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import type { BookingChange } from '../src/booking/change/change.dto.js';
import type { BookingsUnderTest, TestBooking } from './bookings.fixture.js';

type PaymentBody = EventBody<'payment.created'>;

interface Delivery {
  id?: string;
  /** How often the same event is delivered. */
  times?: number;
}

/** Delivers the events of payments to the bookings service. */
export class PaymentEvents {
  constructor(private readonly bookings: BookingsUnderTest) {}

  async captured(booking: TestBooking, delivery: Delivery = {}): Promise<void> {
    const body = { ...paymentOf(booking, 'captured'), capturedMinor: booking.dto.chargeMinor };
    await this.deliverCaptured(body, delivery);
  }

  /** Captures the price difference of the change. */
  async changeCaptured(booking: TestBooking, change: BookingChange, delivery: Delivery = {}): Promise<void> {
    const body = { ...changePaymentOf(booking, change, 'captured'), capturedMinor: change.differenceMinor };
    await this.deliverCaptured(body, delivery);
  }

  async authorized(booking: TestBooking, captureBefore = '2027-12-31T00:00:00Z'): Promise<void> {
    const body = { ...paymentOf(booking, 'authorized'), authorizedMinor: booking.dto.chargeMinor };
    await this.bookings.service.deliver('payment.authorized', { ...body, captureBefore });
  }

  /** Refunds a part of the payment of the booking, or of `change`; a goodwill of an administrator by default. */
  async refunded(
    booking: TestBooking,
    refundAmountMinor: number,
    options: Delivery & { change?: BookingChange; reason?: string; repeated?: boolean } = {},
  ): Promise<void> {
    const { change, reason = 'admin', repeated, ...delivery } = options;
    const payment = change
      ? changePaymentOf(booking, change, 'partially_refunded')
      : paymentOf(booking, 'partially_refunded');
    const body = {
      ...payment,
      capturedMinor: payment.amountMinor,
      refundedMinor: refundAmountMinor,
      refundId: randomUUID(),
      refundAmountMinor,
      reason,
      ...(repeated === undefined ? {} : { repeated }),
    };
    await this.bookings.service.deliver('payment.refunded', body, delivery);
  }

  async failed(booking: TestBooking): Promise<void> {
    const body = { ...paymentOf(booking, 'failed'), code: 'card_declined' };
    await this.bookings.service.deliver('payment.failed', body);
  }

  async voided(booking: TestBooking): Promise<void> {
    await this.bookings.service.deliver('payment.voided', paymentOf(booking, 'voided'));
  }

  async changeVoided(booking: TestBooking, change: BookingChange): Promise<void> {
    await this.bookings.service.deliver('payment.voided', changePaymentOf(booking, change, 'voided'));
  }

  private async deliverCaptured(body: PaymentBody, delivery: Delivery): Promise<void> {
    const capturedAt = this.bookings.now();
    await this.bookings.service.deliver('payment.captured', { ...body, capturedAt }, delivery);
  }
}

export function paymentOf(booking: TestBooking, status: PaymentBody['status']): PaymentBody {
  return {
    paymentId: booking.paymentId,
    bookingId: booking.id,
    changeId: null,
    guestId: booking.guest.id,
    hostId: booking.listing.host.id,
    purpose: 'booking',
    status,
    provider: 'sandbox',
    currency: booking.dto.currency,
    amountMinor: booking.dto.chargeMinor,
    authorizedMinor: 0,
    capturedMinor: 0,
    refundedMinor: 0,
  };
}

function changePaymentOf(
  booking: TestBooking,
  change: BookingChange,
  status: PaymentBody['status'],
): PaymentBody {
  return {
    ...paymentOf(booking, status),
    paymentId: randomUUID(),
    purpose: 'change',
    changeId: change.id,
    amountMinor: change.differenceMinor,
  };
}
