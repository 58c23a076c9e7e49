import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { REFUND_REASON } from '@roost/contracts';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { type Split, refundReservedLegs, refundSplit, takeInProportion } from '../ledger/domain/posting.js';
import { splitOfRetry } from '../ledger/domain/refund-bearer.js';
import { minus, totalOf } from '../ledger/domain/settlement.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { OperationScheduler } from '../operation/operation-scheduler.service.js';
import {
  type DeferredRefund,
  deferredRefunds,
  insertDeferredRefund,
  takeDeferredRefunds,
} from './deferred-refund.queries.js';
import { splitWithoutOffset } from './domain/lost-excess.js';
import { causeOfRetry, isTooLarge, mayBeRepeated, offsetLosses } from './domain/refund-due.js';
import { LossCoverer } from './loss-coverer.service.js';
import type { Payment } from './payment.entity.js';
import { Refund } from './refund.entity.js';
import { lostShares, owedRefunds, reserveRefund, storeOffset } from './refund.queries.js';

/** The failure code of a refund that a dispute prevents. It is repeated when the dispute is closed. */
export const CHARGE_DISPUTED = 'charge_disputed';

export type RefundReason = (typeof REFUND_REASON)[keyof typeof REFUND_REASON];

export interface RefundRequest {
  /** Unique per payment: the same cause refunds only once. */
  cause: string;
  /** The public reason. An operator's own words go into the note, which no event carries. */
  reason: RefundReason;
  note?: string | null;
  requestedBy?: string | null;
  amountMinor: number;
  retained?: Split | null;
  /** Splits the refund among the parties instead of the cancellation terms. */
  split?: Split;
}

/** Refunds payments. Each refund is reserved first, so that all refunds together never exceed the capture. */
@Injectable()
export class RefundService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly operations: OperationScheduler,
    private readonly losses: LossCoverer,
    private readonly clock: Clock,
  ) {}

  /**
   * The refund at the end of a booking; once per payment. The part that the bank has returned is used up with it: a repetition
   * of the refund is not reduced again. What earlier refunds still owe stays for their repetition.
   */
  async release(
    em: EntityManager,
    payment: Payment,
    { amountMinor, offsetMinor }: { amountMinor: number; offsetMinor: number },
  ): Promise<void> {
    const cause = 'release';
    if (await this.isRequested(em, payment.id, cause)) return;
    payment.disputeOffsetMinor += offsetMinor;
    if (payment.releaseMinor !== null) payment.releaseMinor -= offsetMinor;
    const free = await this.freeShares(em, payment);
    const freeMinor = Math.min(amountMinor, totalOf(free));
    if (freeMinor <= 0) return;
    await this.reserve(em, payment, {
      cause,
      reason: REFUND_REASON.bookingEnded,
      amountMinor: freeMinor,
      split: refundSplit(free, freeMinor, payment.releaseRetained),
    });
  }

  /** A refund that a change of the booking requires. While the payment is disputed, it waits for the bank's decision. */
  async request(em: EntityManager, payment: Payment, request: RefundRequest): Promise<void> {
    if (payment.status === 'disputed') await this.defer(em, payment, request);
    else await this.reserve(em, payment, request);
  }

  /** The payment is no longer disputed: requests the waiting refunds, reduced by the amount that the bank has returned. */
  async resume(em: EntityManager, payment: Payment): Promise<void> {
    for (const deferred of await takeDeferredRefunds(em, payment.id)) {
      const dueMinor = this.takeOffsets([payment], deferred.amountMinor);
      await storeOffset(em, deferred, deferred.amountMinor - dueMinor);
      const amountMinor = Math.min(dueMinor, refundableMinor(payment));
      if (amountMinor <= 0) continue;
      await this.reserve(em, payment, { ...deferred, amountMinor, reason: deferred.reason as RefundReason });
    }
  }

  /**
   * What the bank has returned by lost disputes reduces the failed refunds that are still owed. The provider may have known
   * of the dispute first, and refused the whole refund as too large: the rest of it is requested again. A refund that was
   * refused for another reason is left to an operator, who may be paying it another way.
   */
  async offsetOwed(em: EntityManager, payment: Payment): Promise<void> {
    for (const refund of await owedRefunds(em, payment.id)) {
      const owedMinor = refund.amountMinor - refund.offsetMinor;
      const dueMinor = this.takeOffsets([payment], owedMinor);
      refund.offsetMinor += owedMinor - dueMinor;
      if (dueMinor === 0 || !isTooLarge(refund.failureCode) || !mayBeRepeated(refund.cause)) continue;
      await this.repeat(em, payment, refund);
    }
  }

  /** Stores the repetition of a refund that a dispute prevented, without the part that the bank has returned. */
  async repeat(em: EntityManager, payment: Payment, refund: Refund): Promise<void> {
    refund.failureCode = CHARGE_DISPUTED;
    await em.flush();
    const free = await this.freeShares(em, payment);
    const due = splitWithoutOffset(refund, refund.offsetMinor);
    await this.defer(em, payment, {
      ...{ reason: refund.reason as RefundReason, note: refund.note, requestedBy: refund.requestedBy },
      cause: causeOfRetry(refund.cause),
      amountMinor: refund.amountMinor - refund.offsetMinor,
      retained: minus(free, due),
    });
  }

  /** Reduces a refund by the amounts that the guest's bank has returned, and stores that they are used. */
  takeOffsets(payments: readonly Payment[], amountMinor: number): number {
    const { dueMinor, offsets } = offsetLosses(payments, amountMinor);
    payments.forEach((payment, index) => {
      payment.disputeOffsetMinor += offsets[index] ?? 0;
    });
    return dueMinor;
  }

  /** A dispute was won: its amount covers the excess of lost ones first. */
  async coverLosses(em: EntityManager, payment: Payment, disputeId: string): Promise<void> {
    const freed = takeInProportion(await this.remaining(em, payment), Math.max(refundableMinor(payment), 0));
    await this.losses.cover(em, payment, freed, disputeId);
  }

  /** A refund for this cause exists or waits. */
  async isRequested(em: EntityManager, paymentId: string, cause: string): Promise<boolean> {
    const exists = await em.count(Refund, {
      paymentId,
      $or: [{ cause }, { cause: { $like: `${causeOfRetry(cause)}%` } }],
    });
    return exists > 0 || (await deferredRefunds(em, paymentId, cause)).count > 0;
  }

  /**
   * Stores a refund and schedules the call of the provider. Throws `payment.refund_too_large` if the payment's refunds
   * together would exceed its capture.
   */
  async reserve(em: EntityManager, payment: Payment, request: RefundRequest): Promise<Refund> {
    const refund = await this.store(em, payment, request);
    await this.operations.schedule(em, {
      paymentId: payment.id,
      refundId: refund.id,
      kind: 'refund',
      key: `refund:${refund.id}`,
    });
    return refund;
  }

  /** As `reserve`, without the call: the caller records the outcome. */
  async store(em: EntityManager, payment: Payment, request: RefundRequest): Promise<Refund> {
    const now = this.clock.now();
    await em.flush();
    const reserved = await reserveRefund(em, payment.id, request.amountMinor, now);
    await em.refresh(payment);
    if (!reserved) {
      throw new Problem('payment.refund_too_large', undefined, {
        refundableMinor: Math.max(refundableMinor(payment), 0),
      });
    }
    const { amountMinor, retained = null } = request;
    const split = request.split ?? refundSplit(await this.freeShares(em, payment), amountMinor, retained);
    const refund = em.create(Refund, {
      id: uuidv7(),
      paymentId: payment.id,
      cause: request.cause,
      reason: request.reason,
      note: request.note ?? null,
      requestedBy: request.requestedBy ?? null,
      amountMinor: request.amountMinor,
      offsetMinor: 0,
      ...split,
      status: 'pending',
      providerRef: null,
      paidOutOfBand: false,
      failureCode: null,
      createdAt: now,
      finishedAt: null,
      paidAt: null,
    });
    await em.flush();
    await this.ledger.postOf(em, payment, {
      key: `refund:${refund.id}`,
      occurredAt: now,
      legs: refundReservedLegs(payment, split),
    });
    return refund;
  }

  /** The remaining share of each party in a payment, after lost disputes and all refunds that have not failed. */
  async remaining(em: EntityManager, payment: Payment): Promise<Split> {
    const refunds = await em.find(Refund, { paymentId: payment.id, status: { $ne: 'failed' } });
    const lost = await lostShares(em, payment.id);
    const remaining = {
      hostMinor: payment.hostMinor - lost.hostMinor,
      platformMinor: payment.platformMinor - lost.platformMinor,
      taxMinor: payment.taxMinor - lost.taxMinor,
    };
    for (const refund of refunds) {
      remaining.hostMinor -= refund.hostMinor;
      remaining.platformMinor -= refund.platformMinor;
      remaining.taxMinor -= refund.taxMinor;
    }
    return remaining;
  }

  /**
   * The remaining shares without the refunds that are still due: those that wait for the bank's decision, and failed ones
   * that nothing repeats yet.
   */
  async freeShares(em: EntityManager, payment: Payment): Promise<Split> {
    const owed = await owedRefunds(em, payment.id);
    let free = await this.remaining(em, payment);
    for (const refund of owed) {
      const due = splitWithoutOffset(refund, refund.offsetMinor);
      const taken =
        totalOf(due) <= totalOf(free)
          ? splitOfRetry(due, free, totalOf(due))
          : takeInProportion(free, totalOf(free));
      free = minus(free, taken);
    }
    const { totalMinor } = await deferredRefunds(em, payment.id, null);
    return minus(free, takeInProportion(free, Math.min(totalMinor, totalOf(free))));
  }

  /** The shares that the repetition of a failed refund can use. One that is not owed leaves what others owe. */
  async sharesOfRetry(em: EntityManager, payment: Payment, failed: Refund): Promise<Split> {
    const owed = await owedRefunds(em, payment.id);
    return owed.some(({ id }) => id === failed.id)
      ? this.remaining(em, payment)
      : this.freeShares(em, payment);
  }

  /** Stores a refund that waits for the bank's decision. */
  defer(em: EntityManager, payment: Payment, request: RefundRequest): Promise<void> {
    const { cause, reason, note = null, requestedBy = null, amountMinor, retained = null } = request;
    const deferred: DeferredRefund = {
      cause,
      reason,
      note,
      requestedBy,
      amountMinor,
      retained,
      paymentId: payment.id,
    };
    return insertDeferredRefund(em, deferred, this.clock.now());
  }
}

/** The amount that is neither refunded nor withdrawn by a dispute. */
const refundableMinor = (payment: Payment): number =>
  payment.capturedMinor - payment.refundReservedMinor - payment.disputedMinor - payment.disputeLostMinor;
