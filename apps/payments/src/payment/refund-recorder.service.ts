import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock } from '@roost/platform';
import {
  refundFailedLegs,
  refundPaidLegs,
  refundPaidOutOfBandLegs,
  refundReturnedLegs,
} from '../ledger/domain/posting.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { PaperIssuer } from '../paper/paper-issuer.service.js';
import { statusAfterRefund } from './domain/payment-state.js';
import { causeOfRetry, isRepetition, isTooLarge, mayBeRepeated } from './domain/refund-due.js';
import { LossCoverer } from './loss-coverer.service.js';
import { PaymentPublisher } from './payment-publisher.service.js';
import type { Payment } from './payment.entity.js';
import { Refund } from './refund.entity.js';
import { endChecks } from './refund.queries.js';
import { CHARGE_DISPUTED, RefundService } from './refund.service.js';

/** The failure code of a refund that was paid, and that the guest's bank has returned. */
export const REFUND_RETURNED = 'refund_returned';

/** The provider still refuses the refund because of a dispute, and none is recorded here. An operator decides. */
export const DISPUTE_UNKNOWN = 'dispute_unknown';

/** Records the outcomes of refunds, with their payments, movements and papers. */
@Injectable()
export class RefundRecorder {
  constructor(
    private readonly refunds: RefundService,
    private readonly ledger: LedgerService,
    private readonly papers: PaperIssuer,
    private readonly losses: LossCoverer,
    private readonly publisher: PaymentPublisher,
    private readonly clock: Clock,
  ) {}

  /** The provider has paid the refund, or the platform without it: then `providerRef` is null. */
  async recordPaid(
    em: EntityManager,
    payment: Payment,
    refund: Refund,
    providerRef: string | null,
  ): Promise<void> {
    const now = this.clock.now();
    const { amountMinor } = refund;
    const paidOutOfBand = providerRef === null;
    Object.assign(refund, { status: 'succeeded', providerRef, paidOutOfBand, finishedAt: now });
    payment.refundedMinor += amountMinor;
    if (paidOutOfBand) {
      payment.refundedOutOfBandMinor += amountMinor;
      await endChecks(em, refund.id);
    }
    setStatus(payment);
    await this.ledger.postOf(em, payment, {
      key: `refund:${refund.id}:paid`,
      legs: paidOutOfBand ? refundPaidOutOfBandLegs(amountMinor) : refundPaidLegs(amountMinor),
      occurredAt: now,
    });
    await this.papers.issueCreditNote(em, payment, refund, now);
    await this.publisher.publish(em, payment, 'payment.refunded', {
      refundId: refund.id,
      refundAmountMinor: amountMinor,
      reason: refund.reason,
      repeated: await this.repeatsPaid(em, refund),
      paidOutOfBand,
    });
  }

  /** The guest's bank has returned a paid refund: the payment and its papers are corrected, then it is recorded as rejected. */
  async recordReturned(em: EntityManager, payment: Payment, refund: Refund, code: string): Promise<void> {
    const now = this.clock.now();
    Object.assign(refund, { status: 'failed', paidAt: refund.finishedAt });
    payment.refundedMinor -= refund.amountMinor;
    payment.updatedAt = now;
    setStatus(payment);
    await this.ledger.postOf(em, payment, {
      key: `refund:${refund.id}:returned`,
      legs: refundReturnedLegs(refund.amountMinor),
      occurredAt: now,
    });
    await this.papers.issueDebitNote(em, payment, refund, now);
    await this.recordRejected(em, payment, refund, code);
    await em.flush();
    await this.refunds.offsetOwed(em, payment);
  }

  /** The refund repeats one that was paid and returned. */
  private async repeatsPaid(em: EntityManager, { paymentId, cause }: Refund): Promise<boolean> {
    if (!isRepetition(cause)) return false;
    const returned = await em.find(Refund, { paymentId, paidAt: { $ne: null } });
    return returned.some((earlier) => cause.startsWith(causeOfRetry(earlier.cause)));
  }

  /**
   * The provider has rejected the refund for good. Reverses the reservation. Reconciliation reports the refund, or it waits
   * until the dispute that prevents it is closed. The part that the bank has returned in the meantime is not due any more.
   */
  async recordRejected(em: EntityManager, payment: Payment, refund: Refund, code: string): Promise<void> {
    const now = this.clock.now();
    const isPrevented = code === CHARGE_DISPUTED;
    const waits = isPrevented && (payment.status === 'disputed' || mayBeRepeated(refund.cause));
    const failureCode = isPrevented && !waits ? DISPUTE_UNKNOWN : code;
    Object.assign(refund, { status: 'failed', failureCode, finishedAt: now });
    payment.refundReservedMinor -= refund.amountMinor;
    await this.ledger.postOf(em, payment, {
      key: `refund:${refund.id}:failed`,
      legs: refundFailedLegs(payment, refund),
      occurredAt: now,
    });
    await this.offsetByLosses(em, payment, refund);
    if (refund.offsetMinor === refund.amountMinor) return;
    // The provider refused the whole refund because of the loss.
    const isReduced = isTooLarge(code) && refund.offsetMinor > 0 && mayBeRepeated(refund.cause);
    if (waits || isReduced) await this.refunds.repeat(em, payment, refund);
  }

  /** A dispute was lost while the refund was in progress: what the platform bore was the amount of this refund. */
  private async offsetByLosses(em: EntityManager, payment: Payment, refund: Refund): Promise<void> {
    refund.offsetMinor = await this.losses.cover(em, payment, refund, refund.id);
    payment.disputeOffsetMinor += refund.offsetMinor;
    if (refund.offsetMinor > 0) setStatus(payment);
  }
}

function setStatus(payment: Payment): void {
  if (payment.status === 'disputed') return;
  const returnedMinor = payment.refundedMinor + payment.disputeLostMinor;
  payment.status = statusAfterRefund(payment.capturedMinor, returnedMinor);
}
