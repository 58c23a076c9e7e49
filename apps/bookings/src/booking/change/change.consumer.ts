import { Controller } from '@nestjs/common';
import { type EventBody, REFUND_REASON } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import { BookingLifecycle } from '../booking-lifecycle.service.js';
import { nightsOf } from '../booking-nights.service.js';
import { PAYMENT } from '../booking-step.js';
import { lockVisible } from '../booking.queries.js';
import { ChangeLifecycle } from './change-lifecycle.service.js';
import type { ChangeStep } from './change-step.js';
import { findChange, isOvertaken } from './change.queries.js';
import { violatedCheckOutLimit } from './domain/changed-stay.js';

/** Applies the payment of a change to the change. */
@Controller()
export class ChangeConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly bookings: BookingLifecycle,
    private readonly changes: ChangeLifecycle,
    private readonly clock: Clock,
  ) {}

  @OnEvent('payment.captured')
  async captured(body: EventBody<'payment.captured'>): Promise<void> {
    await this.withChange(body, async (step) => {
      const { em, booking, change, now } = step;
      if (body.capturedMinor < change.differenceMinor) return;
      await this.bookings.processOverdue(step);
      const stillPossible = change.state === 'expired' && (await isStillPossible(step));
      if (stillPossible) {
        const { checkInDate, checkOutDate } = change;
        await this.bookings.endStaleHolds(em, { ...nightsOf(booking), checkInDate, checkOutDate }, now);
      }
      await this.changes.pay(step, stillPossible);
    });
  }

  @OnEvent('payment.failed', 'payment.voided')
  async failed(body: EventBody<'payment.voided'>): Promise<void> {
    await this.withChange(body, (step) => this.changes.failPayment(step));
  }

  /** The payment of a change that was not applied is refunded in full, and is not part of the booking's total. */
  @OnEvent('payment.refunded')
  async refunded(body: EventBody<'payment.refunded'>): Promise<void> {
    if (body.reason !== REFUND_REASON.goodwill || body.repeated) return;
    await this.withChange(body, async ({ booking, change }) => {
      if (change.state === 'applied') this.bookings.recordGoodwill(booking, body.refundAmountMinor);
    });
  }

  private async withChange(
    { purpose, bookingId, changeId, currency }: EventBody<'payment.created'>,
    apply: (step: ChangeStep) => Promise<void>,
  ): Promise<void> {
    if (purpose !== 'change') return;
    await this.transactions.run(async (em) => {
      const booking = await lockVisible(em, bookingId, null);
      const change = booking && changeId && (await findChange(em, bookingId, changeId));
      if (!change) throw new Error('a payment for a change that does not exist');
      if (currency !== booking.terms.currency)
        throw new Error('a payment in another currency than its booking');
      await apply({ em, booking, change, now: this.clock.now(), actor: PAYMENT });
    });
  }
}

/** No later change has been proposed, and none of its nights is past. */
async function isStillPossible({ em, booking, change, now }: ChangeStep): Promise<boolean> {
  if (booking.state !== 'confirmed' && booking.state !== 'in_stay') return false;
  if (booking.state === 'confirmed' && change.checkInAt <= now) return false;
  if (violatedCheckOutLimit(booking.terms, change, now)) return false;
  return !(await isOvertaken(em, change));
}
