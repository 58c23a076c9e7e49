import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Encryption, SystemClock } from '@roost/platform';
import { OperationQueue } from '../operation/operation.queue.js';
import type { ProviderWebhook } from '../provider/provider.port.js';
import { insertWebhook } from './webhook.queries.js';

/** Stores webhooks before they are acknowledged and enqueues them. */
@Injectable()
export class WebhookReceiver {
  constructor(
    private readonly transactions: Transactions,
    private readonly queue: OperationQueue,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
  ) {}

  /** A webhook with the same id is stored once. */
  async store(provider: string, webhook: ProviderWebhook, payload: string): Promise<void> {
    const stored = {
      provider,
      ...webhook,
      // The payload contains secrets of the guest.
      payload: this.encryption.encrypt(payload, 'webhook_event.payload'),
      receivedAt: this.clock.now(),
    };
    await this.transactions.run(
      async (em) => {
        if (await insertWebhook(em, stored)) {
          this.transactions.afterCommit(() => this.queue.enqueueWebhook(provider, webhook.id));
        }
      },
      { isolation: 'read committed' },
    );
  }
}
