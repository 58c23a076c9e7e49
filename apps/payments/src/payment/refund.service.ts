import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { REFUND_REASON } from '@roost/contracts';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import {
  type Split,
  refundFailedLegs,
  refundPaidLegs,
  refundReservedLegs,
  refundSplit,
} from '../ledger/domain/posting.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { OperationPlan } from '../operation/operation.plan.js';
import type { Payment } from '../payment/payment.entity.js';
import { refundedStatus } from '../payment/domain/payment-state.js';
import { Refund } from './refund.entity.js';

interface WantedRefund {
  /** Unique per payment: the same cause never gives back twice. */
  cause: string;
  /** What a person wrote is the note, which no event carries. */
  reason: (typeof REFUND_REASON)[keyof typeof REFUND_REASON];
  note?: string;
  requestedBy?: string;
  amountMinor: number;
  kept?: Split | null;
}

/** Gives money back. What is given back is reserved first, so that all refunds together never exceed what was taken. */
@Injectable()
export class RefundService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly plan: OperationPlan,
    private readonly clock: Clock,
  ) {}

  /** The refund that the end of a booking brings; once. */
  async release(em: EntityManager, payment: Payment, amountMinor: number): Promise<void> {
    const cause = 'release';
    if ((await em.count(Refund, { paymentId: payment.id, cause })) > 0) return;
    await this.reserve(em, payment, {
      cause,
      reason: REFUND_REASON.bookingEnded,
      amountMinor,
      kept: payment.releaseKept,
    });
  }

  async reserve(em: EntityManager, payment: Payment, wanted: WantedRefund): Promise<Refund> {
    const now = this.clock.now();
    await em.flush();
    const reserved = await em.execute<{ id: string }[]>(
      `UPDATE payment SET refund_reserved_minor = refund_reserved_minor + ?, version = version + 1, updated_at = ?
       WHERE id = ? AND status IN ('captured', 'partially_refunded') AND refund_reserved_minor + ? <= captured_minor
       RETURNING id`,
      [wanted.amountMinor, now, payment.id, wanted.amountMinor],
    );
    await em.refresh(payment);
    if (reserved.length === 0) {
      const left = payment.capturedMinor - payment.refundReservedMinor;
      throw new Problem('payment.refund_too_large', undefined, { refundableMinor: Math.max(left, 0) });
    }
    const split = refundSplit(await this.left(em, payment), wanted.amountMinor, wanted.kept ?? null);
    const refund = em.create(Refund, {
      id: uuidv7(),
      paymentId: payment.id,
      cause: wanted.cause,
      reason: wanted.reason,
      note: wanted.note ?? null,
      requestedBy: wanted.requestedBy ?? null,
      amountMinor: wanted.amountMinor,
      ...split,
      status: 'pending',
      providerRef: null,
      failureCode: null,
      createdAt: now,
      finishedAt: null,
    });
    await em.flush();
    await this.ledger.post(em, {
      key: `refund:${refund.id}`,
      currency: payment.currency,
      paymentId: payment.id,
      bookingId: payment.bookingId,
      occurredAt: now,
      legs: refundReservedLegs(payment, split),
    });
    await this.plan.add(em, {
      paymentId: payment.id,
      refundId: refund.id,
      kind: 'refund',
      key: `refund:${refund.id}`,
    });
    return refund;
  }

  /** The provider has given it back. */
  async paid(em: EntityManager, payment: Payment, refund: Refund, providerRef: string): Promise<void> {
    const now = this.clock.now();
    Object.assign(refund, { status: 'succeeded', providerRef, finishedAt: now });
    payment.refundedMinor += refund.amountMinor;
    if (payment.status !== 'disputed') {
      payment.status = refundedStatus(payment.capturedMinor, payment.refundedMinor);
    }
    await this.ledger.post(em, {
      key: `refund:${refund.id}:paid`,
      currency: payment.currency,
      paymentId: payment.id,
      bookingId: payment.bookingId,
      occurredAt: now,
      legs: refundPaidLegs(refund.amountMinor),
    });
  }

  /** The provider has refused for good: the reservation is undone, and an operator sees it. */
  async refused(em: EntityManager, payment: Payment, refund: Refund, code: string): Promise<void> {
    const now = this.clock.now();
    Object.assign(refund, { status: 'failed', failureCode: code, finishedAt: now });
    payment.refundReservedMinor -= refund.amountMinor;
    await this.ledger.post(em, {
      key: `refund:${refund.id}:failed`,
      currency: payment.currency,
      paymentId: payment.id,
      bookingId: payment.bookingId,
      occurredAt: now,
      legs: refundFailedLegs(payment, refund),
    });
  }

  /** What is left of a payment for each, refunds under way taken off. */
  async left(em: EntityManager, payment: Payment): Promise<Split> {
    const refunds = await em.find(Refund, { paymentId: payment.id, status: { $ne: 'failed' } });
    const left = {
      hostMinor: payment.hostMinor,
      platformMinor: payment.platformMinor,
      taxMinor: payment.taxMinor,
    };
    for (const refund of refunds) {
      left.hostMinor -= refund.hostMinor;
      left.platformMinor -= refund.platformMinor;
      left.taxMinor -= refund.taxMinor;
    }
    return left;
  }
}
