import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { Encryption, Metrics, SystemClock } from '@roost/platform';
import type { Counter } from 'prom-client';
import { OperationQueue } from '../operation/operation.queue.js';
import { Payment } from '../payment/payment.entity.js';
import { PaymentService } from '../payment/payment.service.js';
import type { ProviderWebhook } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';

interface StoredWebhook {
  ref: string | null;
  payment_id: string | null;
}

type Outcome = 'applied' | 'not-ours' | 'unknown-type';

/**
 * Webhooks: stored first, then handled. A webhook is only a hint that something happened: the provider is asked what
 * is the case now, so that copies, lateness and order do not matter.
 */
@Injectable()
export class WebhookService {
  private readonly handled: Counter<'outcome'>;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly payments: PaymentService,
    private readonly queue: OperationQueue,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
    metrics: Metrics,
  ) {
    this.handled = metrics.counter('payments_webhooks_total', 'Webhooks handled, by outcome', ['outcome']);
  }

  async store(provider: string, webhook: ProviderWebhook, payload: string): Promise<void> {
    const now = this.clock.now();
    // Providers put the guest's secrets into what they post.
    const sealed = this.encryption.encrypt(payload, 'webhook_event.payload');
    await this.transactions.run(
      async (em) => {
        const fresh = await em.execute<{ id: string }[]>(
          `INSERT INTO webhook_event (provider, id, type, ref, payment_id, payload, due_at, received_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (provider, id) DO NOTHING RETURNING id`,
          [provider, webhook.id, webhook.type, webhook.ref, webhook.paymentId, sealed, now, now],
        );
        if (fresh.length > 0)
          this.transactions.afterCommit(() => this.queue.wakeWebhook(provider, webhook.id));
      },
      { isolation: 'read committed' },
    );
  }

  /** Does what a stored webhook asks for, once; what fails is due again later. */
  async handle(provider: string, id: string): Promise<void> {
    const webhook = await this.claim(provider, id);
    if (!webhook) return;
    const intent = webhook.ref === null ? null : await this.providers.of(provider).find(webhook.ref);
    await faultPoint('payments.before-webhook-handled');
    const outcome = await this.transactions.run(async (em): Promise<Outcome> => {
      const payment =
        intent === null
          ? null
          : await em.findOne(Payment, {
              provider: this.providers.of(provider).name,
              $or: [{ providerRef: intent.ref }, { id: intent.paymentId ?? webhook.payment_id }],
            });
      if (payment && intent) await this.payments.sight(em, payment.id, intent);
      const result = intent === null ? 'unknown-type' : payment ? 'applied' : 'not-ours';
      await em.execute(
        'UPDATE webhook_event SET handled_at = ?, outcome = ? WHERE provider = ? AND id = ? AND handled_at IS NULL',
        [this.clock.now(), result, provider, id],
        'run',
      );
      return result;
    });
    this.handled.inc({ outcome });
  }

  due(limit: number): Promise<{ provider: string; id: string }[]> {
    return this.orm.em
      .fork()
      .execute<{ provider: string; id: string }[]>(
        `SELECT provider, id FROM webhook_event WHERE handled_at IS NULL AND due_at <= clock_timestamp() ORDER BY due_at LIMIT ?`,
        [limit],
      );
  }

  /** Whoever claims a webhook has some time for it; then it is due again, each time later. */
  private async claim(provider: string, id: string): Promise<StoredWebhook | null> {
    const rows = await this.transactions.run(
      (em) =>
        em.execute<StoredWebhook[]>(
          `UPDATE webhook_event SET tries = tries + 1,
             due_at = clock_timestamp() + least(5 * 2 ^ least(tries, 12), 3600) * interval '1 second'
           WHERE provider = ? AND id = ? AND handled_at IS NULL AND due_at <= clock_timestamp()
           RETURNING ref, payment_id`,
          [provider, id],
        ),
      { isolation: 'read committed' },
    );
    return rows[0] ?? null;
  }
}
