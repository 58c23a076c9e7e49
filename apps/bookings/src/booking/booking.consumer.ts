import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { type EventBody, REFUND_REASON } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { Clock, SystemClock } from '@roost/platform';
import { addMilliseconds } from '@roost/stay';
import type { Booking } from './booking.entity.js';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { lockVisible } from './booking.queries.js';

type Payment = EventBody<'payment.created'>;

/** What happens to the money decides what happens to the booking. Payments of a change are none of this. */
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
    await this.withBooking(body, async (em, booking, now) => {
      if (body.authorizedMinor < booking.terms.totalMinor) return;
      // The provider's deadline is real time; what is left of it counts from now in domain time.
      const leftMillis = Date.parse(body.captureBefore) - this.systemClock.now().getTime();
      await this.lifecycle.pay(em, booking, 'payment_authorized', now, addMilliseconds(now, leftMillis));
    });
  }

  @OnEvent('payment.captured')
  async captured(body: EventBody<'payment.captured'>): Promise<void> {
    await this.withBooking(body, async (em, booking, now) => {
      if (body.capturedMinor < booking.terms.totalMinor) return;
      await this.lifecycle.pay(em, booking, 'payment_captured', now);
    });
  }

  /** Only once the host has accepted: a guest whose card is declined may try again until the hold runs out. */
  @OnEvent('payment.failed', 'payment.voided')
  async failed(body: Payment): Promise<void> {
    await this.withBooking(body, (em, booking, now) => this.lifecycle.failCapture(em, booking, now));
  }

  /** What the booking itself gave back, by its end or by a change, it knows already. */
  @OnEvent('payment.refunded')
  async refunded(body: EventBody<'payment.refunded'>): Promise<void> {
    if (body.reason !== REFUND_REASON.goodwill) return;
    await this.withBooking(body, async (_, booking) =>
      this.lifecycle.giveGoodwill(booking, body.refundAmountMinor),
    );
  }

  private async withBooking(
    body: Payment,
    work: (em: EntityManager, booking: Booking, now: Date) => Promise<void>,
  ): Promise<void> {
    if (body.purpose !== 'booking') return;
    await this.transactions.run(async (em) => {
      const booking = await lockVisible(em, body.bookingId, null);
      if (!booking) throw new Error('a payment for a booking that does not exist');
      if (body.currency !== booking.terms.currency)
        throw new Error('a payment in another currency than its booking');
      const isNews =
        booking.paymentId !== body.paymentId ||
        booking.authorizedMinor !== body.authorizedMinor ||
        booking.capturedMinor !== body.capturedMinor;
      if (isNews) {
        booking.paymentId = body.paymentId;
        booking.authorizedMinor = body.authorizedMinor;
        booking.capturedMinor = body.capturedMinor;
      }
      await work(em, booking, this.clock.now());
    });
  }
}
