import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { Metrics, SystemClock } from '@roost/platform';
import type { Counter } from 'prom-client';
import { Providers } from '../provider/providers.js';
import {
  claimWebhook,
  type ClaimedWebhook,
  dueWebhooks,
  finishWebhook,
  type WebhookKey,
} from './webhook.queries.js';
import { WebhookSubjects } from './webhook-subjects.service.js';
import { webhookCounter } from './webhook-counter.js';

/**
 * Handles stored webhooks. A webhook only signals a change: the current state is read from the provider, so copies,
 * delays and order have no effect. A webhook of another account, or with another amount, currency or reference than its
 * payment, is parked for an operator and never applied.
 */
@Injectable()
export class WebhookService {
  private readonly handled: Counter<'outcome'>;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly subjects: WebhookSubjects,
    private readonly clock: SystemClock,
    metrics: Metrics,
  ) {
    this.handled = webhookCounter(metrics);
  }

  /** Handles a due webhook once. After a failure it becomes due again. */
  async handle(provider: string, id: string): Promise<void> {
    const webhook = await this.transactions.run((em) => claimWebhook(em, { provider, id }), {
      isolation: 'read committed',
    });
    if (!webhook) return;
    try {
      await this.handleClaimed({ provider, id }, webhook);
    } catch (error) {
      this.handled.inc({ outcome: 'failed' });
      throw error;
    }
  }

  async handleClaimed({ provider, id }: WebhookKey, webhook: ClaimedWebhook): Promise<void> {
    const apply = await this.subjects.read(this.providers.of(provider), webhook);
    await faultPoint('payments.before-webhook-handled');
    const outcome = await this.transactions.run(async (em) => {
      const result = await apply(em);
      await finishWebhook(em, { provider, id }, result, this.clock.now());
      return result;
    });
    this.handled.inc({ outcome: typeof outcome === 'string' ? outcome : 'parked' });
  }

  due(limit: number): Promise<WebhookKey[]> {
    return dueWebhooks(this.orm.em.fork(), limit);
  }
}
