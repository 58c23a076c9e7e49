import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { Transactions } from '@roost/messaging';
import type { AuthUser } from '@roost/http';
import { Clock, invalidField, Problem } from '@roost/platform';
import { isActiveAccount } from '../account/account.queries.js';
import { ChangeService } from '../change/change.service.js';
import { penaltyLegs, type Split } from '../ledger/domain/posting.js';
import { totalOf } from '../ledger/domain/settlement.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { PaymentOperation } from '../operation/operation.entity.js';
import { OperationPlan } from '../operation/operation.plan.js';
import { OperationRunner } from '../operation/operation.runner.js';
import type { ProviderIntent } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { keepSplit, splitOf } from './booking-split.queries.js';
import { type BookingFate, wishAfter } from './domain/payment-state.js';
import { Payment } from './payment.entity.js';
import { PaymentOpening } from './payment.opening.js';
import { factsOf, PaymentProgress } from './payment.progress.js';

/** Refusals that are about the call, not about the card. */
const notADecline = new Set(['payment_method_unknown', 'intent_unexpected_state', 'abandoned', 'not_found']);

const NOTHING: Split = { hostMinor: 0, platformMinor: 0, taxMinor: 0 };

@Injectable()
export class PaymentService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly opening: PaymentOpening,
    private readonly changes: ChangeService,
    private readonly progress: PaymentProgress,
    private readonly plan: OperationPlan,
    private readonly runner: OperationRunner,
    private readonly providers: Providers,
    private readonly ledger: LedgerService,
    private readonly clock: Clock,
  ) {}

  /** A booking waits for its money; one that costs nothing waits for none. */
  openFor(booking: EventBody<'booking.created'>): Promise<void> {
    return this.transactions.run(async (em) => {
      if (booking.totalMinor === 0) return;
      const { bookingId, guestId, hostId, currency } = booking;
      if ((await em.count(Payment, { bookingId, purpose: 'booking' })) > 0) return;
      const split = splitOf(booking);
      if (totalOf(split) !== booking.totalMinor) {
        throw new Error(`the parts of booking ${bookingId} do not add up to its total`);
      }
      await this.opening.open(em, {
        ...{ bookingId, guestId, hostId, currency, split },
        changeId: null,
        hold: booking.bookingMode === 'request',
        expiresAt: booking.holdExpiresAt,
      });
    });
  }

  /** The booking has moved on: its money follows. */
  follow(
    booking: EventBody<'booking.accepted'>,
    fate: Exclude<BookingFate, { kind: 'cancelled' }>,
  ): Promise<void> {
    return this.transactions.run(async (em) => {
      const { bookingId } = booking;
      const payment = await em.findOne(Payment, { bookingId, purpose: 'booking' });
      if (!payment) return;
      const { wish } = await this.wish(em, payment, fate, null);
      if (wish === 'release') await keepSplit(em, booking, NOTHING, true);
      else if (fate.kind === 'confirmed') await keepSplit(em, booking, splitOf(booking), false);
    });
  }

  /** The booking is over: what is not kept goes back, out of all its payments, the newest first. */
  cancel(booking: EventBody<'booking.cancelled'>): Promise<void> {
    return this.transactions.run(async (em) => {
      const { bookingId, refundMinor } = booking;
      const payments = await em.find(Payment, { bookingId }, { orderBy: { createdAt: 'desc', id: 'desc' } });
      const counting = payments.filter(({ confirmed, wish }) => confirmed && wish !== 'release');
      const several = counting.length > 1;
      const kept = splitOf(booking);
      const settled = several ? await this.changes.settle(em, counting, refundMinor, kept) : [];
      const byPayment = new Map(settled.map((one) => [one.paymentId, one]));
      await keepSplit(em, booking, counting.length > 0 ? keptOf(booking) : NOTHING, true);
      for (const payment of payments) {
        const own = byPayment.get(payment.id);
        if (own) await this.changes.reattribute(em, payment, own, 'cancelled');
        const back = several ? totalOf(own?.refund ?? NOTHING) : refundMinor;
        await this.wish(em, payment, { kind: 'cancelled', refundMinor: back }, own?.kept ?? kept);
      }
    });
  }

  /** A host who cancelled owes a penalty: kept from the next payouts. */
  reservePenalty(booking: EventBody<'booking.cancelled'>): Promise<void> {
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

  /** The guest pays. Asked twice, also at the same time, it is one charge. */
  async confirm(id: string, guest: AuthUser, paymentMethod: string): Promise<Payment> {
    const operationId = await this.transactions.run((em) =>
      this.beginConfirm(em, id, guest.id, paymentMethod),
    );
    if (operationId !== null) {
      await this.runner.run(operationId);
      const operation = await this.runner.finished(operationId);
      if (operation === null) {
        throw new Problem('payment.provider_unavailable', undefined, {}, { 'retry-after': '5' });
      }
      this.refuse(operation);
    }
    return this.orm.em.fork().findOneOrFail(Payment, id);
  }

  /** Applies what the provider says now; an old or repeated sighting changes nothing. */
  async sight(em: EntityManager, paymentId: string, intent: ProviderIntent): Promise<void> {
    const payment = await em.findOneOrFail(Payment, paymentId);
    const deciding = await em.count(PaymentOperation, { paymentId, kind: 'confirm', status: 'pending' });
    await this.progress.sight(em, payment, intent, deciding > 0);
  }

  /** Unfinished payments that were quiet for long: perhaps a webhook was lost. */
  async quiet(limit: number): Promise<Payment[]> {
    const rows = await this.orm.em.fork().execute<{ id: string }[]>(
      `SELECT id FROM payment WHERE check_at <= clock_timestamp() AND provider_ref IS NOT NULL
         AND status IN ('requires_payment_method', 'requires_action', 'processing', 'authorized')
       ORDER BY check_at LIMIT ?`,
      [limit],
    );
    return this.orm.em.fork().find(Payment, { id: { $in: rows.map((row) => row.id) } });
  }

  /** Asks the provider how a payment stands. */
  async refresh(payment: Payment): Promise<void> {
    if (payment.providerRef === null) return;
    const intent = await this.providers.of(payment.provider).find(payment.providerRef);
    await this.transactions.run((em) => this.sight(em, payment.id, intent));
  }

  private async wish(
    em: EntityManager,
    payment: Payment,
    fate: BookingFate,
    kept: Split | null,
  ): Promise<Payment> {
    const { wish, releaseMinor } = wishAfter(payment, fate);
    if (payment.wish !== 'release') payment.releaseKept = releaseMinor === null ? null : kept;
    payment.wish = wish;
    payment.releaseMinor = releaseMinor;
    if (fate.kind === 'confirmed') payment.confirmed = true;
    payment.updatedAt = this.clock.now();
    await this.progress.settle(em, payment);
    return payment;
  }

  private async beginConfirm(
    em: EntityManager,
    id: string,
    guestId: string,
    paymentMethod: string,
  ): Promise<string | null> {
    const payment = await em.findOne(Payment, { id, guestId });
    if (!payment) throw new Problem('payment.not_found');
    if (!(await isActiveAccount(em, guestId))) throw new Problem('account.suspended');
    const last =
      payment.attempts === 0 ? null : await em.findOne(PaymentOperation, { key: confirmKey(payment) });
    const sameAgain = last?.paymentMethod === paymentMethod && last.status !== 'failed';
    if (payment.status === 'processing' && last && sameAgain) return last.id;
    // A repeated request after a lost answer: it has been done.
    if (['authorized', 'captured'].includes(payment.status) && sameAgain) return null;
    const { wish } = factsOf(payment);
    const over = payment.expiresAt !== null && payment.expiresAt <= this.clock.now();
    if (!['requires_payment_method', 'requires_action'].includes(payment.status) || wish !== 'pay' || over) {
      throw new Problem('payment.wrong_state', undefined, { status: payment.status });
    }
    if (payment.providerRef === null) throw new Problem('payment.not_ready');
    payment.attempts += 1;
    payment.status = 'processing';
    payment.failureCode = null;
    payment.redirectUrl = null;
    payment.updatedAt = this.clock.now();
    return this.plan.add(
      em,
      { paymentId: payment.id, kind: 'confirm', key: confirmKey(payment), paymentMethod },
      { wake: false },
    );
  }

  private refuse(operation: PaymentOperation): void {
    const code = operation.failureCode;
    if (code === null) return;
    if (code === 'payment_method_unknown') {
      throw invalidField('/paymentMethod', 'The provider knows no such payment method');
    }
    if (notADecline.has(code)) throw new Problem('payment.wrong_state');
    throw new Problem('payment.declined', undefined, { reason: code });
  }
}

const confirmKey = (payment: Payment) => `confirm:${payment.id}:${payment.attempts}`;

/** Null where what is kept and what goes back do not make the total: there is nothing to hold the ledger against. */
function keptOf(booking: EventBody<'booking.cancelled'>): Split | null {
  const kept = splitOf(booking);
  return totalOf(kept) + booking.refundMinor === booking.totalMinor ? kept : null;
}
