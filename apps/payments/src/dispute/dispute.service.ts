import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import type { Mismatch } from '../payment/domain/provider-mismatch.js';
import { Payment } from '../payment/payment.entity.js';
import { lockPayment } from '../payment/payment.queries.js';
import { PaymentService } from '../payment/payment.service.js';
import {
  foundOrNull,
  type PaymentProvider,
  type ProviderDispute,
  type ProviderIntent,
} from '../provider/provider.port.js';
import { DisputeRecorder } from './dispute-recorder.service.js';

export type DisputeApplied = 'applied' | 'not-ours' | { parked: Mismatch };
type ApplyDispute = (em: EntityManager) => Promise<DisputeApplied>;

interface DisputeState {
  dispute: ProviderDispute;
  /** The disputed payment; null if the provider does not have it. */
  intent: ProviderIntent | null;
}

/** Applies the disputes of providers. */
@Injectable()
export class DisputeService {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: PaymentService,
    private readonly recorder: DisputeRecorder,
  ) {}

  /** Reads the current state of a dispute and of its payment. Returns the function that applies both. */
  async read(provider: PaymentProvider, ref: string): Promise<ApplyDispute> {
    if (!provider.disputes) return () => Promise.resolve('not-ours');
    const dispute = await foundOrNull(provider.disputes.find(ref));
    if (!dispute) return () => Promise.resolve('not-ours');
    const state = { dispute, intent: await foundOrNull(provider.find(dispute.paymentRef)) };
    return (em) => this.apply(em, provider, state);
  }

  /** Reads the current state of a dispute and applies it. */
  async refresh(provider: PaymentProvider, ref: string): Promise<DisputeApplied> {
    const apply = await this.read(provider, ref);
    await faultPoint('payments.before-dispute-recorded');
    return this.transactions.run(apply);
  }

  private async apply(
    em: EntityManager,
    provider: PaymentProvider,
    { dispute, intent }: DisputeState,
  ): Promise<DisputeApplied> {
    const payment = await em.findOne(Payment, {
      provider: provider.name,
      $or: [{ providerRef: dispute.paymentRef }, ...(intent?.paymentId ? [{ id: intent.paymentId }] : [])],
    });
    if (!payment) return 'not-ours';
    await lockPayment(em, payment.id);
    // The dispute may arrive before the capture.
    if (intent) await this.payments.applyProviderState(em, payment.id, intent);
    if (payment.currency !== dispute.currency) return { parked: 'currency_differs' };
    // Reconciliation reports it as `dispute.unposted`.
    if (payment.capturedMinor === 0) return 'not-ours';
    await this.recorder.record(em, payment, dispute);
    return 'applied';
  }
}
