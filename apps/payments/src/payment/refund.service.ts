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
import { OperationScheduler } from '../operation/operation-scheduler.service.js';
import { PaperIssuer } from '../paper/paper-issuer.service.js';
import { statusAfterRefund } from './domain/payment-state.js';
import type { Payment } from './payment.entity.js';
import { Refund } from './refund.entity.js';
import { reserveRefund } from './refund.queries.js';

interface RefundRequest {
  /** Unique per payment: the same cause refunds only once. */
  cause: string;
  /** The public reason. An operator's own words go into the note, which no event carries. */
  reason: (typeof REFUND_REASON)[keyof typeof REFUND_REASON];
  note?: string;
  requestedBy?: string;
  amountMinor: number;
  retained?: Split | null;
  /** Splits the refund among the parties instead of the cancellation terms. */
  splitOf?: (remaining: Split) => Split;
}

/** Refunds payments. Each refund is reserved first, so that all refunds together never exceed the capture. */
@Injectable()
export class RefundService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly operations: OperationScheduler,
    private readonly papers: PaperIssuer,
    private readonly clock: Clock,
  ) {}

  /** The refund at the end of a booking; once per payment. */
  async release(em: EntityManager, payment: Payment, amountMinor: number): Promise<void> {
    const cause = 'release';
    if ((await em.count(Refund, { paymentId: payment.id, cause })) > 0) return;
    await this.reserve(em, payment, {
      cause,
      reason: REFUND_REASON.bookingEnded,
      amountMinor,
      retained: payment.releaseRetained,
    });
  }

  /** Throws `payment.refund_too_large` if the payment's refunds together would exceed its capture. */
  async reserve(em: EntityManager, payment: Payment, request: RefundRequest): Promise<Refund> {
    const now = this.clock.now();
    await em.flush();
    const reserved = await reserveRefund(em, payment.id, request.amountMinor, now);
    await em.refresh(payment);
    if (!reserved) {
      const refundableMinor = Math.max(payment.capturedMinor - payment.refundReservedMinor, 0);
      throw new Problem('payment.refund_too_large', undefined, { refundableMinor });
    }
    const remaining = await this.remaining(em, payment);
    const split =
      request.splitOf?.(remaining) ?? refundSplit(remaining, request.amountMinor, request.retained ?? null);
    const refund = em.create(Refund, {
      id: uuidv7(),
      paymentId: payment.id,
      cause: request.cause,
      reason: request.reason,
      note: request.note ?? null,
      requestedBy: request.requestedBy ?? null,
      amountMinor: request.amountMinor,
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
    await this.operations.schedule(em, {
      paymentId: payment.id,
      refundId: refund.id,
      kind: 'refund',
      key: `refund:${refund.id}`,
    });
    return refund;
  }

  /** The provider has paid the refund. */
  async recordPaid(em: EntityManager, payment: Payment, refund: Refund, providerRef: string): Promise<void> {
    const now = this.clock.now();
    Object.assign(refund, { status: 'succeeded', providerRef, finishedAt: now });
    payment.refundedMinor += refund.amountMinor;
    if (payment.status !== 'disputed') {
      payment.status = statusAfterRefund(payment.capturedMinor, payment.refundedMinor);
    }
    await this.ledger.post(em, {
      key: `refund:${refund.id}:paid`,
      currency: payment.currency,
      paymentId: payment.id,
      bookingId: payment.bookingId,
      occurredAt: now,
      legs: refundPaidLegs(refund.amountMinor),
    });
    await this.papers.issueCreditNote(em, payment, refund, now);
  }

  /** The provider has rejected the refund for good. Reverses the reservation; reconciliation reports the refund. */
  async recordRejected(em: EntityManager, payment: Payment, refund: Refund, code: string): Promise<void> {
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

  /** The remaining share of each party in a payment, after all refunds that have not failed. */
  async remaining(em: EntityManager, payment: Payment): Promise<Split> {
    const refunds = await em.find(Refund, { paymentId: payment.id, status: { $ne: 'failed' } });
    const remaining = {
      hostMinor: payment.hostMinor,
      platformMinor: payment.platformMinor,
      taxMinor: payment.taxMinor,
    };
    for (const refund of refunds) {
      remaining.hostMinor -= refund.hostMinor;
      remaining.platformMinor -= refund.platformMinor;
      remaining.taxMinor -= refund.taxMinor;
    }
    return remaining;
  }
}
