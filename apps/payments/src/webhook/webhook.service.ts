import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { Metrics, SystemClock } from '@roost/platform';
import type { Counter } from 'prom-client';
import { Payment } from '../payment/payment.entity.js';
import { PaymentService } from '../payment/payment.service.js';
import { Providers } from '../provider/providers.js';
import {
  claimWebhook,
  dueWebhooks,
  finishWebhook,
  type WebhookKey,
  type WebhookOutcome,
} from './webhook.queries.js';

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
    const intent = webhook.ref === null ? null : await this.providers.of(provider).find(webhook.ref);
    await faultPoint('payments.before-webhook-handled');
    const outcome = await this.transactions.run(async (em): Promise<WebhookOutcome> => {
      const payment =
        intent === null
          ? null
          : await em.findOne(Payment, {
              provider: this.providers.of(provider).name,
              $or: [{ providerRef: intent.ref }, { id: intent.paymentId ?? webhook.payment_id }],
            });
      if (payment && intent) await this.payments.applyProviderState(em, payment.id, intent);
      const result = intent === null ? 'unknown-type' : payment ? 'applied' : 'not-ours';
      await finishWebhook(em, { provider, id }, result, this.clock.now());
      return result;
    });
    this.handled.inc({ outcome });
  }

  due(limit: number): Promise<WebhookKey[]> {
    return dueWebhooks(this.orm.em.fork(), limit);
  }
}
