import { Controller } from '@nestjs/common';
import { type EventBody, NO_PROVIDER, REFUND_REASON } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { Clock, SystemClock } from '@roost/platform';
import { addMilliseconds } from '@roost/stay';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { type BookingStep, PAYMENT } from './booking-step.js';
import { lockVisible } from './booking.queries.js';

type Payment = EventBody<'payment.created'>;

/** Applies the payment of a booking to the booking. Payments of changes are applied by `ChangeConsumer`. */
@Controller()
export class BookingConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly lifecycle: BookingLifecycle,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
  ) {}

  @OnEvent('payment.created', 'payment.action-required')
  async begun(body: Payment): Promise<void> {
    await this.withBooking(body, async () => undefined);
  }

  @OnEvent('payment.authorized')
  async authorized(body: EventBody<'payment.authorized'>): Promise<void> {
    await this.withBooking(body, async (step) => {
      if (body.authorizedMinor < step.booking.terms.totalMinor) return;
      // The provider's deadline is in system time; the remaining time counts from now in domain time.
      const remainingMs = Date.parse(body.captureBefore) - this.systemClock.now().getTime();
      await this.lifecycle.pay(step, 'payment_authorized', addMilliseconds(step.now, remainingMs));
    });
  }

  @OnEvent('payment.captured')
  async captured(body: EventBody<'payment.captured'>): Promise<void> {
    await this.withBooking(body, async (step) => {
      if (body.capturedMinor < step.booking.terms.totalMinor) return;
      await this.lifecycle.pay(step, 'payment_captured');
    });
  }

  /**
   * A failed capture ends a booking that the host has accepted. Before that, a guest whose card is declined may retry until
   * the hold expires; if no provider takes the payment, it cannot be paid and the hold ends now.
   */
  @OnEvent('payment.failed')
  async failed(body: EventBody<'payment.failed'>): Promise<void> {
    await this.withBooking(body, (step) =>
      body.code === NO_PROVIDER ? this.lifecycle.endHold(step) : this.lifecycle.failCapture(step),
    );
  }

  /** Has an effect only after the host has accepted. */
  @OnEvent('payment.voided')
  async voided(body: Payment): Promise<void> {
    await this.withBooking(body, (step) => this.lifecycle.failCapture(step));
  }

  /**
   * Only goodwill: bookings initiates all other refunds itself, when a booking ends or changes. A repeated one counts once.
   */
  @OnEvent('payment.refunded')
  async refunded(body: EventBody<'payment.refunded'>): Promise<void> {
    if (body.reason !== REFUND_REASON.goodwill || body.repeated) return;
    await this.withBooking(body, async ({ booking }) =>
      this.lifecycle.recordGoodwill(booking, body.refundAmountMinor),
    );
  }

  private async withBooking(body: Payment, apply: (step: BookingStep) => Promise<void>): Promise<void> {
    if (body.purpose !== 'booking') return;
    await this.transactions.run(async (em) => {
      const booking = await lockVisible(em, body.bookingId, null);
      if (!booking) throw new Error('a payment for a booking that does not exist');
      if (body.currency !== booking.terms.currency)
        throw new Error('a payment in another currency than its booking');
      const { paymentId, authorizedMinor, capturedMinor } = body;
      Object.assign(booking, { paymentId, authorizedMinor, capturedMinor });
      await apply({ em, booking, now: this.clock.now(), actor: PAYMENT });
    });
  }
}
