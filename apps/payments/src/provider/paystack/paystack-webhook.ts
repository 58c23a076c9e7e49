import { createHash } from 'node:crypto';
import { hmac, secretsEqual } from '@roost/platform';
import { z } from 'zod';
import type { ProviderWebhook, WebhookSubject } from '../provider.port.js';
import { paymentIdOf } from './paystack-reference.js';

const Reference = z.string().min(1).max(200);
const Text = z
  .union([z.string().max(200), z.int().transform(String)])
  .nullish()
  .catch(null);

const Webhook = z.object({
  event: z.string().min(1).max(200),
  data: z.looseObject({ id: Text, status: Text, updated_at: Text, updatedAt: Text }),
});
const Charge = z.object({ reference: Reference });
const RefundOfTransaction = z.object({ transaction_reference: Reference });
const Dispute = z.object({ id: Reference, transaction: z.object({ reference: Reference }) });

const SIGNATURE = /^[0-9a-f]{128}$/;

interface SubjectOfWebhook {
  subject: WebhookSubject;
  ref: string;
  paymentRef: string | null;
}

function subjectOf(event: string, data: unknown): SubjectOfWebhook | null {
  if (event === 'charge.success') {
    const { reference } = Charge.parse(data);
    return { subject: 'payment', ref: reference, paymentRef: reference };
  }
  if (event.startsWith('charge.dispute.')) {
    const { id, transaction } = Dispute.parse(data);
    return { subject: 'dispute', ref: id, paymentRef: transaction.reference };
  }
  if (event.startsWith('refund.')) {
    const { transaction_reference: reference } = RefundOfTransaction.parse(data);
    return { subject: 'payment', ref: reference, paymentRef: reference };
  }
  if (event.startsWith('transfer.')) {
    return { subject: 'transfer', ref: Charge.parse(data).reference, paymentRef: null };
  }
  return null;
}

/**
 * Webhooks have no id. It is derived from the object and its state, so that a repeated delivery is the same webhook. The
 * objects of refunds have no id: two refunds of one transaction differ only somewhere in their bodies.
 */
function idOf({ event, data }: z.output<typeof Webhook>, rawBody: Buffer): string {
  const state = [event, data.id, data.status, data.updated_at ?? data.updatedAt ?? ''];
  const source = (data.id ?? null) === null ? rawBody : JSON.stringify(state);
  return `paystack_${createHash('sha256').update(source).digest('hex').slice(0, 40)}`;
}

/** Verifies `x-paystack-signature`, an HMAC-SHA512 of the raw body with the secret key, then parses the body. */
export function readPaystackWebhook(
  secretKey: string,
  rawBody: Buffer,
  headers: Record<string, string | string[] | undefined>,
): ProviderWebhook | null {
  const signature = headers['x-paystack-signature'];
  if (typeof signature !== 'string' || !SIGNATURE.test(signature)) return null;
  if (!secretsEqual(signature, hmac(secretKey, rawBody, 'sha512').toString('hex'))) return null;
  const webhook = Webhook.parse(JSON.parse(rawBody.toString()));
  const found = subjectOf(webhook.event, webhook.data);
  return {
    id: idOf(webhook, rawBody),
    type: webhook.event,
    subject: found?.subject ?? null,
    ref: found?.ref ?? null,
    paymentId: found?.paymentRef ? paymentIdOf(found.paymentRef) : null,
  };
}
