import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { REFUND_REASON } from '@roost/contracts';
import { type AuthUser, Idempotency } from '@roost/http';
import { chargeBounds } from '@roost/money';
import { invalidField, Problem, uuidv7 } from '@roost/platform';
import { AuditLog } from '../audit/audit-log.service.js';
import type { Split } from '../ledger/domain/posting.js';
import {
  refundableBy,
  type RefundBearer,
  splitByBearer,
  splitOfRetry,
} from '../ledger/domain/refund-bearer.js';
import { totalOf } from '../ledger/domain/settlement.js';
import { splitWithoutOffset } from '../payment/domain/lost-excess.js';
import { causeOfRetry, isTooLarge } from '../payment/domain/refund-due.js';
import { Payment } from '../payment/payment.entity.js';
import { lockPayment } from '../payment/payment.queries.js';
import { Refund } from '../payment/refund.entity.js';
import { DISPUTE_UNKNOWN, RefundRecorder } from '../payment/refund-recorder.service.js';
import {
  CHARGE_DISPUTED,
  type RefundReason,
  type RefundRequest,
  RefundService,
} from '../payment/refund.service.js';
import { type RefundPayment, type RefundView, type SettleRefund, toRefundView } from './refund.dto.js';

interface RefundKey {
  paymentId: string;
  refundId: string;
}

interface AdminRequest {
  reason: string;
  admin: AuthUser;
}

/** Refunds that an operator requests. */
@Injectable()
export class RefundAdminService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly refunds: RefundService,
    private readonly recorder: RefundRecorder,
    private readonly auditLog: AuditLog,
  ) {}

  /**
   * Refunds of what a payment holds beyond the refunds that are still due. Read committed is enough: the request publishes
   * no event. Concurrent requests wait for the lock of the payment, and none is rejected without need.
   */
  refund(paymentId: string, request: RefundPayment, admin: AuthUser): Promise<RefundView> {
    const { amountMinor, reason, bearer = 'proportional' } = request;
    return this.idempotency.runOnce(
      async (em) => {
        await lockPayment(em, paymentId);
        const payment = await this.refundable(em, paymentId);
        const { stepMinor } = chargeBounds(payment.currency);
        if (amountMinor % stepMinor !== 0) {
          throw invalidField('/amountMinor', `Must be a multiple of ${stepMinor} in ${payment.currency}`);
        }
        const shares = sharesOf(bearer, await this.refunds.freeShares(em, payment), amountMinor);
        const refund = await this.refunds.reserve(em, payment, {
          cause: `admin:${uuidv7()}`,
          reason: REFUND_REASON.goodwill,
          note: reason,
          requestedBy: admin.id,
          amountMinor,
          split: shares,
        });
        await this.auditLog.record(em, {
          ...{ actor: admin, action: 'payment.refund', paymentId, reason },
          subject: { type: 'payment', id: paymentId },
          details: { refundId: refund.id, amountMinor, bearer },
        });
        return toRefundView(refund, payment.currency);
      },
      { isolation: 'read committed' },
    );
  }

  /** Refunds the amount of a failed refund again, once. If the provider rejects it again, the new refund can be retried. */
  retry(key: RefundKey, reason: string, admin: AuthUser): Promise<RefundView> {
    return this.idempotency.runOnce(
      async (em) => {
        const { payment, failed, request } = await this.repetition(em, key, { reason, admin });
        const refund = await this.refunds.reserve(em, payment, request);
        await this.audit(em, 'refund.retry', { failed, refund }, { reason, admin });
        return toRefundView(refund, payment.currency);
      },
      { isolation: 'read committed' },
    );
  }

  /**
   * Records that the platform pays the amount of a failed refund another way: the provider can't pay it if the guest's card
   * or account is closed. Everything follows as after a retry, except that no provider is called. `amountMinor` must be what
   * is still due: the bank may have returned a part of it since the operator read the refund.
   */
  settle(key: RefundKey, { amountMinor, reason }: SettleRefund, admin: AuthUser): Promise<RefundView> {
    return this.idempotency.runOnce(async (em) => {
      const { payment, failed, request } = await this.repetition(em, key, { reason, admin });
      if (failed.failureCode === DISPUTE_UNKNOWN || isTooLarge(failed.failureCode)) {
        throw new Problem('payment.refund_prevented');
      }
      if (request.amountMinor !== amountMinor) {
        throw new Problem('payment.refund_amount_differs', undefined, { dueMinor: request.amountMinor });
      }
      const refund = await this.refunds.store(em, payment, request);
      await this.recorder.recordPaid(em, payment, refund, null);
      await this.audit(em, 'refund.settle', { failed, refund }, { reason, admin });
      return toRefundView(refund, payment.currency);
    });
  }

  /** The repetition of a failed refund. Locks the payment. */
  private async repetition(
    em: EntityManager,
    { paymentId, refundId }: RefundKey,
    { reason, admin }: AdminRequest,
  ): Promise<{ payment: Payment; failed: Refund; request: RefundRequest }> {
    // Concurrent requests wait here; the second one finds the refund of the first.
    await lockPayment(em, paymentId);
    const payment = await this.refundable(em, paymentId);
    const failed = await em.findOne(Refund, { id: refundId, paymentId });
    if (!failed) throw new Problem('payment.refund_not_found');
    const cause = causeOfRetry(failed.cause);
    // A dispute repeats the refunds that it prevented by itself, less what the bank has returned.
    const isRepeated = failed.failureCode === CHARGE_DISPUTED;
    const isRetried = isRepeated || (await this.refunds.isRequested(em, paymentId, cause));
    // The bank may have returned a part of it, or all.
    const amountMinor = failed.amountMinor - failed.offsetMinor;
    if (failed.status !== 'failed' || isRetried || amountMinor === 0) {
      throw new Problem('payment.refund_not_failed', undefined, { status: failed.status });
    }
    const due = splitWithoutOffset(failed, failed.offsetMinor);
    const shares = await this.refunds.sharesOfRetry(em, payment, failed);
    if (amountMinor > totalOf(shares)) {
      throw new Problem('payment.refund_too_large', undefined, { refundableMinor: totalOf(shares) });
    }
    const split = splitOfRetry(due, shares, amountMinor);
    const request = {
      ...{ cause, reason: failed.reason as RefundReason, amountMinor, split },
      ...{ note: reason, requestedBy: admin.id },
    };
    return { payment, failed, request };
  }

  private audit(
    em: EntityManager,
    action: 'refund.retry' | 'refund.settle',
    { failed, refund }: { failed: Refund; refund: Refund },
    { reason, admin }: AdminRequest,
  ): Promise<void> {
    return this.auditLog.record(em, {
      ...{ actor: admin, action, paymentId: failed.paymentId, reason },
      subject: { type: 'refund', id: failed.id },
      details: { refundId: refund.id, amountMinor: refund.amountMinor },
    });
  }

  private async refundable(em: EntityManager, paymentId: string): Promise<Payment> {
    const payment = await em.findOne(Payment, paymentId);
    if (!payment) throw new Problem('payment.not_found');
    if (payment.capturedMinor === 0 || payment.status === 'disputed') {
      throw new Problem('payment.wrong_state', undefined, { status: payment.status });
    }
    return payment;
  }
}

function sharesOf(bearer: RefundBearer, remaining: Split, amountMinor: number): Split {
  const refundableMinor = refundableBy(bearer, remaining);
  if (amountMinor > refundableMinor) {
    throw new Problem('payment.refund_too_large', undefined, { refundableMinor });
  }
  return splitByBearer(bearer, remaining, amountMinor);
}
