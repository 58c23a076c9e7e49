import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Encryption, Metrics, SystemClock } from '@roost/platform';
import { OperationQueue } from '../operation/operation.queue.js';
import type { ProviderWebhook } from '../provider/provider.port.js';
import { insertWebhook, isIgnored } from './webhook.queries.js';
import { webhookCounter } from './webhook-counter.js';

/** Stores webhooks before they are acknowledged and enqueues them. */
@Injectable()
export class WebhookReceiver {
  private readonly handled: ReturnType<typeof webhookCounter>;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly queue: OperationQueue,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
    metrics: Metrics,
  ) {
    this.handled = webhookCounter(metrics);
  }

  /** A webhook with the same id is stored once. One statement, so it needs no transaction around it. */
  async store(provider: string, webhook: ProviderWebhook, payload: string): Promise<void> {
    const isNew = await insertWebhook(this.orm.em.fork(), {
      provider,
      ...webhook,
      // The payload contains secrets and personal data of the guest: it is stored until the webhook is handled.
      payload: isIgnored(webhook) ? '' : this.encryption.encrypt(payload, 'webhook_event.payload'),
      receivedAt: this.clock.now(),
    });
    if (!isNew) return;
    if (isIgnored(webhook)) this.handled.inc({ outcome: 'unknown-type' });
    else this.queue.enqueueWebhook(provider, webhook.id);
  }
}
