import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, Clock, type Config, SystemClock, uuidv7 } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import { disputeLostLegs, disputeOpenedLegs, disputeWonLegs } from '../ledger/domain/posting.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { statusAfterRefund } from '../payment/domain/payment-state.js';
import { PaymentPublisher } from '../payment/payment-publisher.service.js';
import { PaymentStepScheduler } from '../payment/payment-step-scheduler.service.js';
import type { Payment } from '../payment/payment.entity.js';
import { RefundService } from '../payment/refund.service.js';
import type { ProviderDispute } from '../provider/provider.port.js';
import { Dispute } from './dispute.entity.js';
import {
  changeOf,
  coveredMinor,
  type DisputeOutcome,
  type DisputeShares,
  isOutcome,
  sharesOf,
} from './domain/dispute-state.js';

/** Records disputes, with their payments, events and movements. */
@Injectable()
export class DisputeRecorder {
  private readonly checkMilliseconds: number;

  constructor(
    private readonly publisher: PaymentPublisher,
    private readonly refunds: RefundService,
    private readonly steps: PaymentStepScheduler,
    private readonly ledger: LedgerService,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
    @Inject(CONFIG) config: Config<typeof PaymentsConfig>,
  ) {
    this.checkMilliseconds = config.DISPUTE_CHECK_SECONDS * 1_000;
  }

  /** Records the provider's state of a dispute. An older or repeated state changes nothing. The payment is locked. */
  async record(em: EntityManager, payment: Payment, state: ProviderDispute): Promise<void> {
    const existing = await em.findOne(Dispute, { paymentId: payment.id, providerRef: state.ref });
    const change = changeOf(existing?.status ?? null, state.status);
    const dispute = existing ?? (await this.open(em, payment, state));
    if (dispute.closedAt !== null) return;
    if (change.closes) {
      await this.close(em, payment, dispute, change.closes);
      return;
    }
    if (
      dispute.status !== state.status ||
      dispute.evidenceDueAt?.getTime() !== state.evidenceDueAt?.getTime()
    ) {
      Object.assign(dispute, { status: change.status, evidenceDueAt: state.evidenceDueAt });
      dispute.updatedAt = this.clock.now();
    }
    await this.divide(em, payment, dispute);
    await em.flush();
  }

  private async open(em: EntityManager, payment: Payment, state: ProviderDispute): Promise<Dispute> {
    const shares = await this.shares(em, payment, state.amountMinor);
    const now = this.clock.now();
    const dispute = em.create(Dispute, {
      id: uuidv7(),
      paymentId: payment.id,
      providerRef: state.ref,
      status: isOutcome(state.status) ? 'under_review' : state.status,
      reason: state.reason,
      amountMinor: state.amountMinor,
      ...shares,
      evidenceDueAt: state.evidenceDueAt,
      openedAt: state.createdAt,
      closedAt: null,
      checkAt: new Date(this.systemClock.now().getTime() + this.checkMilliseconds),
      version: 1,
      updatedAt: now,
    });
    payment.disputedMinor += coveredMinor(shares);
    payment.status = 'disputed';
    await this.publisher.publish(em, payment, 'payment.disputed', { disputeId: dispute.id });
    await this.ledger.postOf(em, payment, {
      key: `dispute:${dispute.id}`,
      legs: disputeOpenedLegs(dispute.amountMinor),
      occurredAt: now,
    });
    return dispute;
  }

  /** The bank has decided: returns the amount, or deducts the share of each party. Then the waiting refunds are paid. */
  private async close(
    em: EntityManager,
    payment: Payment,
    dispute: Dispute,
    outcome: DisputeOutcome,
  ): Promise<void> {
    await this.divide(em, payment, dispute);
    const covered = coveredMinor(dispute);
    payment.disputedMinor -= covered;
    if (outcome === 'lost') payment.disputeLostMinor += covered;
    const now = this.clock.now();
    Object.assign(dispute, { status: outcome, closedAt: now, updatedAt: now });
    await em.flush();
    if (outcome === 'won') await this.refunds.coverLosses(em, payment, dispute.id);
    await this.refunds.offsetOwed(em, payment);
    const isDisputed = (await em.count(Dispute, { paymentId: payment.id, closedAt: null })) > 0;
    if (!isDisputed) {
      const returnedMinor = payment.refundedMinor + payment.disputeLostMinor;
      payment.status = statusAfterRefund(payment.capturedMinor, returnedMinor);
    }
    await this.publisher.publish(em, payment, `payment.dispute-${outcome}`, { disputeId: dispute.id });
    const legs = outcome === 'won' ? disputeWonLegs(dispute.amountMinor) : disputeLostLegs(payment, dispute);
    await this.ledger.postOf(em, payment, {
      key: `dispute:${dispute.id}:${outcome}`,
      legs,
      occurredAt: now,
    });
    if (!isDisputed) await this.refunds.resume(em, payment);
    await this.steps.scheduleNext(em, payment);
  }

  /** Divides the amount of an open dispute again: a refund that was in progress may have failed since. */
  private async divide(em: EntityManager, payment: Payment, dispute: Dispute): Promise<void> {
    payment.disputedMinor -= coveredMinor(dispute);
    const shares = await this.shares(em, payment, dispute.amountMinor);
    payment.disputedMinor += coveredMinor(shares);
    Object.assign(dispute, shares);
  }

  private async shares(em: EntityManager, payment: Payment, amountMinor: number): Promise<DisputeShares> {
    const { capturedMinor, refundReservedMinor, disputedMinor, disputeLostMinor } = payment;
    const coverableMinor = capturedMinor - refundReservedMinor - disputedMinor - disputeLostMinor;
    return sharesOf(await this.refunds.remaining(em, payment), coverableMinor, amountMinor);
  }
}
