import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { Metrics, SystemClock } from '@roost/platform';
import type { Counter } from 'prom-client';
import { Payment } from '../payment/payment.entity.js';
import { PaymentService } from '../payment/payment.service.js';
import type { PaymentProvider } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import {
  type ClaimedWebhook,
  claimWebhook,
  dueWebhooks,
  finishWebhook,
  type WebhookKey,
  type WebhookOutcome,
} from './webhook.queries.js';

type ApplyWebhook = (em: EntityManager) => Promise<WebhookOutcome>;

/**
 * Handles stored webhooks. A webhook only signals a change: the current state is read from the provider, so copies,
 * delays, order and wrong content have no effect.
 */
@Injectable()
export class WebhookService {
  private readonly handled: Counter<'outcome'>;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly payments: PaymentService,
    private readonly clock: SystemClock,
    metrics: Metrics,
  ) {
    this.handled = metrics.counter('payments_webhooks_total', 'Webhooks handled, by outcome', ['outcome']);
  }

  /** Handles a due webhook once. After a failure it becomes due again. */
  async handle(provider: string, id: string): Promise<void> {
    const webhook = await this.transactions.run((em) => claimWebhook(em, { provider, id }), {
      isolation: 'read committed',
    });
    if (!webhook) return;
    const apply = await this.read(this.providers.of(provider), webhook);
    await faultPoint('payments.before-webhook-handled');
    const outcome = await this.transactions.run(async (em) => {
      const result = await apply(em);
      await finishWebhook(em, { provider, id }, result, this.clock.now());
      return result;
    });
    this.handled.inc({ outcome });
  }

  due(limit: number): Promise<WebhookKey[]> {
    return dueWebhooks(this.orm.em.fork(), limit);
  }

  /** Reads the current state of the webhook's subject from the provider. Returns the function that applies it. */
  private async read(provider: PaymentProvider, webhook: ClaimedWebhook): Promise<ApplyWebhook> {
    if (webhook.ref === null) return () => Promise.resolve('unknown-type');
    switch (webhook.subject) {
      case 'payment':
        return this.readPayment(provider, webhook.ref, webhook.payment_id);
      case 'dispute':
      case 'transfer':
      case null:
        return () => Promise.resolve('unknown-type');
    }
  }

  private async readPayment(
    provider: PaymentProvider,
    ref: string,
    paymentId: string | null,
  ): Promise<ApplyWebhook> {
    const intent = await provider.find(ref);
    return async (em) => {
      const payment = await em.findOne(Payment, {
        provider: provider.name,
        $or: [{ providerRef: intent.ref }, { id: intent.paymentId ?? paymentId }],
      });
      if (!payment) return 'not-ours';
      await this.payments.applyProviderState(em, payment.id, intent);
      return 'applied';
    };
  }
}
