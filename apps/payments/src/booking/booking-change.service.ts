import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type EventBody, REFUND_REASON } from '@roost/contracts';
import { Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import type { Split } from '../ledger/domain/posting.js';
import { splitDifference, totalOf } from '../ledger/domain/settlement.js';
import { type BookingOutcome, goalAfter } from '../payment/domain/payment-state.js';
import { PaymentCreator } from '../payment/payment-creator.service.js';
import { PaymentStepScheduler } from '../payment/payment-step-scheduler.service.js';
import { Payment } from '../payment/payment.entity.js';
import { RefundService } from '../payment/refund.service.js';
import { BookingSettlementService } from './booking-settlement.service.js';
import { storeBookingSplit } from './booking-split.queries.js';
import { splitOf } from './booking-split.js';

type Change = EventBody<'booking.change-applied'>;

/**
 * The money of a changed booking. The additional cost of a change is a payment of its own. A lower cost is refunded from
 * the booking's payments, the newest first: the card charged last is the most likely to accept a refund.
 */
@Injectable()
export class BookingChangeService {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: PaymentCreator,
    private readonly steps: PaymentStepScheduler,
    private readonly refunds: RefundService,
    private readonly settlements: BookingSettlementService,
    private readonly clock: Clock,
  ) {}

  /** The change is accepted: the guest has until `expiresAt` to pay its additional cost. */
  async createPayment(change: Change): Promise<void> {
    if (change.differenceMinor <= 0) return;
    await this.transactions.run(async (em) => {
      const { bookingId, changeId, guestId, hostId, currency, expiresAt } = change;
      if ((await em.count(Payment, { changeId })) > 0) return;
      const split = splitDifference(splitOf(change), newSplitOf(change), change.differenceMinor);
      const request = { bookingId, changeId, guestId, hostId, currency, expiresAt };
      await this.payments.create(em, { ...request, countryCode: null, split, hold: false });
    });
  }

  /** The change is applied: refunds and transfers bring the ledger to the booking's new split. */
  async apply(change: Change): Promise<void> {
    await this.transactions.run(async (em) => {
      const { bookingId, changeId, currency } = change;
      const payments = await em.find(Payment, { bookingId }, { orderBy: { createdAt: 'desc', id: 'desc' } });
      const own = payments.find((payment) => payment.changeId === changeId);
      if (own) await this.applyOutcome(em, own, { kind: 'confirmed' });
      const confirmed = payments.filter((payment) => payment.confirmed && payment.goal !== 'release');
      const split = splitOf(change);
      await storeBookingSplit(em, { bookingId, currency, split, ended: false });
      if (!(await this.isSettled(em, change, confirmed))) await this.settle(em, change, confirmed);
    });
  }

  /** The change is closed without effect: its payment is voided or refunded. After `expired`, bookings decides about it. */
  async close({ changeId, outcome }: Change): Promise<void> {
    await this.transactions.run(async (em) => {
      const payment = await em.findOne(Payment, { changeId });
      if (!payment) return;
      await this.applyOutcome(
        em,
        payment,
        outcome === 'expired' ? { kind: 'expired', cause: 'hold' } : { kind: 'declined' },
      );
    });
  }

  private async settle(em: EntityManager, change: Change, payments: readonly Payment[]): Promise<void> {
    const cause = `change:${change.changeId}`;
    const refundMinor = this.settlements.offsetLosses(payments, Math.max(0, -change.differenceMinor));
    for (const settlement of await this.settlements.settle(em, payments, refundMinor, splitOf(change))) {
      const payment = payments.find(({ id }) => id === settlement.paymentId);
      if (!payment) continue;
      await this.settlements.postTransfers(em, payment, settlement, cause);
      const amountMinor = totalOf(settlement.refund);
      if (amountMinor === 0) continue;
      await this.refunds.request(em, payment, {
        cause,
        reason: REFUND_REASON.bookingChanged,
        amountMinor,
        retained: settlement.retained,
      });
    }
  }

  private async applyOutcome(em: EntityManager, payment: Payment, outcome: BookingOutcome): Promise<void> {
    const { goal, releaseMinor } = goalAfter(payment, outcome);
    payment.goal = goal;
    payment.releaseMinor = releaseMinor;
    if (outcome.kind === 'confirmed' && goal !== 'release') payment.confirmed = true;
    payment.updatedAt = this.clock.now();
    await this.steps.scheduleNext(em, payment);
  }

  /** The refunds of this change are reserved already: settling it again would refund twice. */
  private async isSettled(
    em: EntityManager,
    { changeId }: Change,
    payments: readonly Payment[],
  ): Promise<boolean> {
    for (const { id } of payments) {
      if (await this.refunds.isRequested(em, id, `change:${changeId}`)) return true;
    }
    return false;
  }
}

const newSplitOf = ({ newTotals }: Change): Split | null => (newTotals ? splitOf(newTotals) : null);
