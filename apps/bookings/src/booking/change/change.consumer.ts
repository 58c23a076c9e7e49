import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { type EventBody, REFUND_REASON } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import type { Booking } from '../booking.entity.js';
import { BookingLifecycle } from '../booking-lifecycle.service.js';
import { stayOf } from '../booking-nights.service.js';
import { lockVisible } from '../booking.queries.js';
import { BookingChange } from './change.entity.js';
import { ChangeLifecycle } from './change-lifecycle.service.js';
import { findChange, isOvertaken } from './change.queries.js';
import { givesBackStayedNights } from './domain/changed-stay.js';

/** What happens to the money of a change decides what happens to the change. */
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
    await this.withChange(body, async (em, booking, change, now) => {
      if (body.capturedMinor < change.differenceMinor) return;
      await this.bookings.processOverdue(em, booking, now);
      const late = change.state === 'expired';
      const stillPossible = late && (await this.isStillPossible(em, booking, change, now));
      if (stillPossible) await this.endStaleHolds(em, booking, change, now);
      await this.changes.pay(em, booking, change, now, stillPossible);
    });
  }

  @OnEvent('payment.failed', 'payment.voided')
  async failed(body: EventBody<'payment.voided'>): Promise<void> {
    await this.withChange(body, (em, booking, change, now) =>
      this.changes.failPayment(em, booking, change, now),
    );
  }

  /** What was paid for a change that never came about goes back whole, and is no part of what the booking costs. */
  @OnEvent('payment.refunded')
  async refunded(body: EventBody<'payment.refunded'>): Promise<void> {
    if (body.reason !== REFUND_REASON.goodwill) return;
    await this.withChange(body, async (_, booking, change) => {
      if (change.state === 'applied') this.bookings.giveGoodwill(booking, body.refundAmountMinor);
    });
  }

  /** Nothing else has been proposed since, and no night of it is past. */
  private async isStillPossible(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    now: Date,
  ): Promise<boolean> {
    if (booking.state !== 'confirmed' && booking.state !== 'in_stay') return false;
    if (booking.state === 'confirmed' && change.checkInAt <= now) return false;
    if (givesBackStayedNights(booking.terms, change, now)) return false;
    return !(await isOvertaken(em, change));
  }

  private async endStaleHolds(
    em: EntityManager,
    booking: Booking,
    { checkInDate, checkOutDate }: BookingChange,
    now: Date,
  ): Promise<void> {
    await this.bookings.endStaleHolds(em, { ...stayOf(booking), checkInDate, checkOutDate }, now);
  }

  private async withChange(
    { purpose, bookingId, changeId, currency }: EventBody<'payment.created'>,
    work: (em: EntityManager, booking: Booking, change: BookingChange, now: Date) => Promise<void>,
  ): Promise<void> {
    if (purpose !== 'change') return;
    await this.transactions.run(async (em) => {
      const booking = await lockVisible(em, bookingId, null);
      const change = booking && changeId && (await findChange(em, bookingId, changeId));
      if (!change) throw new Error('a payment for a change that does not exist');
      if (currency !== booking.terms.currency)
        throw new Error('a payment in another currency than its booking');
      await work(em, booking, change, this.clock.now());
    });
  }
}
