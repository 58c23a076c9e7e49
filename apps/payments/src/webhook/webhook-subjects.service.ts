import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { DisputeService } from '../dispute/dispute.service.js';
import { amountMismatch, type Mismatch } from '../payment/domain/provider-mismatch.js';
import { Payment } from '../payment/payment.entity.js';
import { PaymentService } from '../payment/payment.service.js';
import { RefundStateService } from '../payment/refund-state.service.js';
import { PayoutWebhooks } from '../payout/payout-webhooks.service.js';
import {
  type PaymentProvider,
  type ProviderIntent,
  type ProviderRefund,
  ProviderRejection,
} from '../provider/provider.port.js';
import type { ClaimedWebhook, WebhookResult } from './webhook.queries.js';

type ApplyWebhook = (em: EntityManager) => Promise<WebhookResult>;

/** Reads the subject of a webhook (a payment, a dispute or a transfer) from its provider, and applies it. */
@Injectable()
export class WebhookSubjects {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly payments: PaymentService,
    private readonly refunds: RefundStateService,
    private readonly disputes: DisputeService,
    private readonly payouts: PayoutWebhooks,
  ) {}

  /** Reads the current state of the webhook's subject from the provider. Returns the function that applies it. */
  async read(provider: PaymentProvider, webhook: ClaimedWebhook): Promise<ApplyWebhook> {
    if (webhook.ref === null) return () => Promise.resolve('unknown-type');
    if (isOfAnotherAccount(provider, webhook)) return () => Promise.resolve({ parked: 'account_differs' });
    switch (webhook.subject) {
      case 'payment':
        return this.readPayment(provider, webhook, webhook.ref);
      case 'dispute':
        return this.readDispute(provider, webhook, webhook.ref);
      case 'transfer':
        return this.payouts.read(provider, webhook.ref, reportedAmountOf(webhook));
      case null:
        return () => Promise.resolve('unknown-type');
    }
  }

  private async readPayment(
    provider: PaymentProvider,
    webhook: ClaimedWebhook,
    ref: string,
  ): Promise<ApplyWebhook> {
    const intent = await this.find(provider, ref);
    if (!intent) return () => Promise.resolve('not-ours');
    const isOfRefund = webhook.reported_refund_minor !== null;
    const refunds = isOfRefund
      ? await provider.refunds(intent.ref)
      : await this.refunds.read(provider, intent.ref);
    return async (em) => {
      const payment = await em.findOne(Payment, {
        provider: provider.name,
        $or: [{ providerRef: intent.ref }, { id: intent.paymentId ?? webhook.payment_id }],
      });
      if (!payment) return 'not-ours';
      const mismatch =
        reportedMismatch(payment, webhook) ??
        refundMismatch(payment, webhook, refunds) ??
        (await this.payments.applyProviderState(em, payment.id, intent));
      if (mismatch) return { parked: mismatch };
      await this.refunds.apply(em, payment.id, refunds);
      return 'applied';
    };
  }

  private async readDispute(
    provider: PaymentProvider,
    webhook: ClaimedWebhook,
    ref: string,
  ): Promise<ApplyWebhook> {
    const apply = await this.disputes.read(provider, ref);
    return async (em) => {
      const { payment_id: id } = webhook;
      const payment = id === null ? null : await em.findOne(Payment, { id, provider: provider.name });
      const mismatch = payment && reportedMismatch(payment, webhook);
      return mismatch ? { parked: mismatch } : apply(em);
    };
  }

  /** Null if the provider does not have it, and neither do we. */
  private async find(provider: PaymentProvider, ref: string): Promise<ProviderIntent | null> {
    try {
      return await provider.find(ref);
    } catch (error) {
      if (!(error instanceof ProviderRejection)) throw error;
      const known = await this.orm.em.fork().count(Payment, { provider: provider.name, providerRef: ref });
      if (known > 0) throw error;
      return null;
    }
  }
}

const isOfAnotherAccount = ({ account: own = null }: PaymentProvider, { account }: ClaimedWebhook): boolean =>
  own !== null && account !== null && account !== own;

function reportedMismatch(payment: Payment, webhook: ClaimedWebhook): Mismatch | null {
  const reported = reportedAmountOf(webhook);
  return reported && amountMismatch(payment, reported);
}

/**
 * A refund of another currency, or of an amount that no refund at the provider has. Those stored here do not suffice: the
 * provider also refunds lost disputes, and what its dashboard refunds.
 */
function refundMismatch(
  payment: Payment,
  { reported_refund_minor: amountMinor, reported_currency: currency }: ClaimedWebhook,
  refunds: readonly ProviderRefund[],
): Mismatch | null {
  if (amountMinor === null) return null;
  if (currency !== payment.currency) return 'currency_differs';
  return refunds.some((refund) => refund.amountMinor === amountMinor) ? null : 'amount_differs';
}

const reportedAmountOf = ({ reported_minor: amountMinor, reported_currency: currency }: ClaimedWebhook) =>
  amountMinor === null || currency === null ? null : { amountMinor, currency };
