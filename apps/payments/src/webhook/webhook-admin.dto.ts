import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { mismatches } from '../payment/domain/provider-mismatch.js';
import { PROVIDER_NAMES } from '../provider/provider.port.js';
import { webhookOutcomes } from './webhook.queries.js';

/** Ids of webhooks at their providers. */
export const WebhookId = z.string().regex(/^[\x21-\x7e]{1,200}$/, { error: 'Must be the id of a webhook' });
export const WebhookProvider = z.enum(PROVIDER_NAMES);

export const WebhookView = z
  .object({
    provider: z.string(),
    id: z.string(),
    type: z.string(),
    subject: z.enum(['payment', 'dispute', 'transfer']).nullable(),
    ref: z.string().nullable().meta({ description: 'The reference of the subject at the provider.' }),
    paymentId: Uuid.nullable(),
    account: z.string().nullable(),
    reportedMinor: z.int().nullable().meta({
      description:
        'The amount in the webhook: of the payment, the refund, the transfer, or the disputed payment.',
    }),
    reportedCurrency: z.string().nullable(),
    outcome: z.enum(webhookOutcomes).nullable().meta({ description: 'Null: not handled yet.' }),
    parkReason: z.enum(mismatches).nullable(),
    tries: z.int(),
    receivedAt: Instant,
    handledAt: Instant.nullable(),
    dueAt: Instant.nullable().meta({ description: 'The next attempt, if it is not handled yet.' }),
  })
  .meta({ id: 'Webhook' });
export type WebhookView = z.output<typeof WebhookView>;

export const WebhookPage = Page(WebhookView);

export const WebhooksQuery = z.strictObject({
  ...PageQuery,
  provider: WebhookProvider.optional(),
  outcome: z
    .enum([...webhookOutcomes, 'pending'])
    .optional()
    .meta({ description: '`pending`: not handled yet.' }),
  type: z.string().min(1).max(200).optional(),
  paymentId: Uuid.optional(),
  from: Instant.optional().meta({ description: 'Received at or after this instant.' }),
  to: Instant.optional().meta({ description: 'Received before this instant.' }),
  since: Instant.optional().meta({ description: 'The former name of `from`.', deprecated: true }),
});
export type WebhooksQuery = z.output<typeof WebhooksQuery>;
