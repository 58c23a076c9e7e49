import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import { penaltyLegs, type Split } from '../ledger/domain/posting.js';
import { totalOf } from '../ledger/domain/settlement.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { type BookingOutcome, goalAfter, type PaymentGoal } from '../payment/domain/payment-state.js';
import { PaymentCreator } from '../payment/payment-creator.service.js';
import { PaymentStepScheduler } from '../payment/payment-step-scheduler.service.js';
import { Payment } from '../payment/payment.entity.js';
import { BookingSettlementService } from './booking-settlement.service.js';
import { storeBookingSplit } from './booking-split.queries.js';
import { EMPTY_SPLIT, retainedSplitOf, splitOf } from './booking-split.js';

/** The money of a booking, from its creation to its end. */
@Injectable()
export class BookingPaymentService {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: PaymentCreator,
    private readonly steps: PaymentStepScheduler,
    private readonly settlements: BookingSettlementService,
    private readonly ledger: LedgerService,
    private readonly clock: Clock,
  ) {}

  /** Creates the payment of a booking. A free booking has none. Throws if the parts of the total do not add up. */
  create(booking: EventBody<'booking.created'>): Promise<void> {
    return this.transactions.run(async (em) => {
      if (booking.totalMinor === 0) return;
      const { bookingId, guestId, hostId, currency } = booking;
      if ((await em.count(Payment, { bookingId, purpose: 'booking' })) > 0) return;
      const split = splitOf(booking);
      if (totalOf(split) !== booking.totalMinor) {
        throw new Error(`the parts of booking ${bookingId} do not add up to its total`);
      }
      await this.payments.create(em, {
        ...{ bookingId, guestId, hostId, currency, split },
        changeId: null,
        countryCode: booking.countryCode ?? null,
        hold: booking.bookingMode === 'request',
        expiresAt: booking.holdExpiresAt,
      });
    });
  }

  /** The booking has changed its state: sets the goal of its payment. */
  applyOutcome(
    booking: EventBody<'booking.accepted'>,
    outcome: Exclude<BookingOutcome, { kind: 'cancelled' }>,
  ): Promise<void> {
    return this.transactions.run(async (em) => {
      const { bookingId, currency } = booking;
      const payment = await em.findOne(Payment, { bookingId, purpose: 'booking' });
      if (!payment) return;
      const goal = await this.setGoal(em, payment, outcome, null);
      if (goal === 'release') {
        await storeBookingSplit(em, { bookingId, currency, split: EMPTY_SPLIT, ended: true });
      } else if (outcome.kind === 'confirmed') {
        await storeBookingSplit(em, { bookingId, currency, split: splitOf(booking), ended: false });
      }
    });
  }

  /** The booking is cancelled: refunds its payments, the newest first, so that each party retains its share. */
  cancel(booking: EventBody<'booking.cancelled'>): Promise<void> {
    return this.transactions.run(async (em) => {
      const { bookingId, currency } = booking;
      const payments = await em.find(Payment, { bookingId }, { orderBy: { createdAt: 'desc', id: 'desc' } });
      const confirmed = payments.filter((payment) => payment.confirmed && payment.goal !== 'release');
      const isDivided = confirmed.length > 1;
      const refundMinor = this.settlements.offsetLosses(confirmed, booking.refundMinor);
      const retained = splitOf(booking);
      const settlements = isDivided
        ? await this.settlements.settle(em, confirmed, refundMinor, retained)
        : [];
      const byPayment = new Map(settlements.map((settlement) => [settlement.paymentId, settlement]));
      const split = confirmed.length > 0 ? retainedSplitOf(booking) : EMPTY_SPLIT;
      await storeBookingSplit(em, { bookingId, currency, split, ended: true });
      for (const payment of payments) {
        const settlement = byPayment.get(payment.id);
        if (settlement) await this.settlements.postTransfers(em, payment, settlement, 'cancelled');
        const ownRefundMinor = isDivided ? totalOf(settlement?.refund ?? EMPTY_SPLIT) : refundMinor;
        const outcome = { kind: 'cancelled', refundMinor: ownRefundMinor } as const;
        await this.setGoal(em, payment, outcome, settlement?.retained ?? retained);
      }
    });
  }

  /** Posts the penalty of a host who cancels. It is deducted from the host's next payouts. */
  postHostPenalty(booking: EventBody<'booking.cancelled'>): Promise<void> {
    return this.transactions.run((em) =>
      this.ledger.post(em, {
        key: `penalty:${booking.bookingId}`,
        currency: booking.currency,
        paymentId: null,
        bookingId: booking.bookingId,
        occurredAt: this.clock.now(),
        legs: penaltyLegs(booking, booking.hostPenaltyMinor),
      }),
    );
  }

  private async setGoal(
    em: EntityManager,
    payment: Payment,
    outcome: BookingOutcome,
    retained: Split | null,
  ): Promise<PaymentGoal> {
    const { goal, releaseMinor } = goalAfter(payment, outcome);
    if (payment.goal !== 'release') payment.releaseRetained = releaseMinor === null ? null : retained;
    payment.goal = goal;
    payment.releaseMinor = releaseMinor;
    if (outcome.kind === 'confirmed') payment.confirmed = true;
    payment.updatedAt = this.clock.now();
    await this.steps.scheduleNext(em, payment);
    return goal;
  }
}
