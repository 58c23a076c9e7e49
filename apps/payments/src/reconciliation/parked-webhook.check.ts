import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { ReconciliationCheck } from './reconciliation-check.js';
import { difference, type Difference } from './reconciliation.dto.js';
import { type ParkedWebhook, parkedWebhooks } from './reconciliation.queries.js';

/** No webhook that contradicts its payment waits for an operator. */
@Injectable()
export class ParkedWebhookCheck implements ReconciliationCheck {
  async *run(em: EntityManager): AsyncIterable<Difference> {
    yield* (await parkedWebhooks(em)).map(toDifference);
  }
}

const toDifference = (webhook: ParkedWebhook): Difference =>
  difference('webhook.parked', `Webhook ${webhook.id} of ${webhook.provider}: ${webhook.park_reason}`, {
    paymentId: webhook.payment_id,
    providerRef: webhook.ref,
    currency: webhook.reported_currency,
    expectedMinor: webhook.amount_minor,
    foundMinor: webhook.reported_minor,
  });
