import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type EventBody, REFUND_REASON } from '@roost/contracts';
import { Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import { moveLeg, type Split } from '../ledger/domain/posting.js';
import {
  type Holding,
  type Settled,
  settle,
  shareOfDifference,
  totalOf,
} from '../ledger/domain/settlement.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { keepSplit, splitOf } from '../payment/booking-split.queries.js';
import { type BookingFate, wishAfter } from '../payment/domain/payment-state.js';
import { Payment } from '../payment/payment.entity.js';
import { PaymentOpening } from '../payment/payment.opening.js';
import { PaymentProgress } from '../payment/payment.progress.js';
import { Refund } from '../refund/refund.entity.js';
import { RefundService } from '../refund/refund.service.js';

type Change = EventBody<'booking.change-applied'>;

/**
 * The money of a changed booking. What a change costs more is a payment of its own; what it costs less goes back out of
 * the payments of the booking, the newest first: the card that paid last is the likeliest to take a refund still.
 */
@Injectable()
export class ChangeService {
  constructor(
    private readonly transactions: Transactions,
    private readonly opening: PaymentOpening,
    private readonly progress: PaymentProgress,
    private readonly refunds: RefundService,
    private readonly ledger: LedgerService,
    private readonly clock: Clock,
  ) {}

  /** Accepted: the guest has until `expiresAt` to pay what it costs more. */
  async open(change: Change): Promise<void> {
    if (change.differenceMinor <= 0) return;
    await this.transactions.run(async (em) => {
      const { bookingId, changeId, guestId, hostId, currency, expiresAt } = change;
      if ((await em.count(Payment, { changeId })) > 0) return;
      const split = shareOfDifference(splitOf(change), splitAfter(change), change.differenceMinor);
      const wanted = { bookingId, changeId, guestId, hostId, currency, expiresAt };
      await this.opening.open(em, { ...wanted, split, hold: false });
    });
  }

  /** The new terms are those of the booking: money and books follow. */
  async apply(change: Change): Promise<void> {
    await this.transactions.run(async (em) => {
      const { bookingId, changeId } = change;
      const payments = await em.find(Payment, { bookingId }, { orderBy: { createdAt: 'desc', id: 'desc' } });
      const paidFor = payments.find((payment) => payment.changeId === changeId);
      if (paidFor) await this.follow(em, paidFor, { kind: 'confirmed' });
      const counting = payments.filter(({ confirmed, wish }) => confirmed && wish !== 'release');
      await keepSplit(em, change, splitOf(change), false);
      if (await this.isSettled(em, change, counting)) return;
      const refundMinor = Math.max(0, -change.differenceMinor);
      for (const settled of await this.settle(em, counting, refundMinor, splitOf(change))) {
        const payment = counting.find(({ id }) => id === settled.paymentId);
        if (!payment) continue;
        await this.reattribute(em, payment, settled, `change:${changeId}`);
        const amountMinor = totalOf(settled.refund);
        if (amountMinor === 0) continue;
        await this.refunds.reserve(em, payment, {
          cause: `change:${changeId}`,
          reason: REFUND_REASON.bookingChanged,
          amountMinor,
          kept: settled.kept,
        });
      }
    });
  }

  /** It came to nothing: its payment is let go, or goes back. Of money that lands after its hour bookings decides. */
  async close({ changeId, outcome }: Change): Promise<void> {
    await this.transactions.run(async (em) => {
      const payment = await em.findOne(Payment, { changeId });
      if (!payment) return;
      await this.follow(
        em,
        payment,
        outcome === 'expired' ? { kind: 'expired', cause: 'hold' } : { kind: 'declined' },
      );
    });
  }

  /** How several payments of one booking share what goes back, and what each party keeps. Newest first. */
  async settle(
    em: EntityManager,
    payments: readonly Payment[],
    refundMinor: number,
    target: Split,
  ): Promise<Settled[]> {
    const holdings: Holding[] = [];
    for (const payment of payments) {
      if (payment.status !== 'captured' && payment.status !== 'partially_refunded') continue;
      holdings.push({ paymentId: payment.id, left: await this.refunds.left(em, payment) });
    }
    return settle(holdings, refundMinor, target);
  }

  /** What changes hands between host, platform and tax office without the guest noticing. */
  async reattribute(em: EntityManager, payment: Payment, { moves }: Settled, key: string): Promise<void> {
    if (moves.length === 0) return;
    for (const { from, to, amountMinor } of moves) {
      payment[from] -= amountMinor;
      payment[to] += amountMinor;
    }
    const now = this.clock.now();
    payment.updatedAt = now;
    await em.flush();
    await this.ledger.post(em, {
      key: `${key}:${payment.id}`,
      currency: payment.currency,
      paymentId: payment.id,
      bookingId: payment.bookingId,
      occurredAt: now,
      legs: moves.map((move) => moveLeg(payment, move)),
    });
  }

  private async follow(em: EntityManager, payment: Payment, fate: BookingFate): Promise<void> {
    const { wish, releaseMinor } = wishAfter(payment, fate);
    payment.wish = wish;
    payment.releaseMinor = releaseMinor;
    if (fate.kind === 'confirmed' && wish !== 'release') payment.confirmed = true;
    payment.updatedAt = this.clock.now();
    await this.progress.settle(em, payment);
  }

  /** Its refunds have been planned: the same change settled twice would give back twice. */
  private async isSettled(
    em: EntityManager,
    { changeId }: Change,
    payments: readonly Payment[],
  ): Promise<boolean> {
    const paymentId = { $in: payments.map(({ id }) => id) };
    return (await em.count(Refund, { paymentId, cause: `change:${changeId}` })) > 0;
  }
}

const splitAfter = ({ newTotals }: Change): Split | null => (newTotals ? splitOf(newTotals) : null);
