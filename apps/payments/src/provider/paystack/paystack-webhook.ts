import { createHash } from 'node:crypto';
import { hmac, secretsEqual } from '@roost/platform';
import { z } from 'zod';
import type { ProviderWebhook, ReportedAmount, WebhookSubject } from '../provider.port.js';
import { Currency, Subunits } from './paystack-objects.js';
import { paymentIdOf } from './paystack-reference.js';
import { fromSubunits } from './paystack-units.js';

const Reference = z.string().min(1).max(200);
const Text = z
  .union([z.string().max(200), z.int().transform(String)])
  .nullish()
  .catch(null);

const Webhook = z.object({
  event: z.string().min(1).max(200),
  data: z.looseObject({
    id: Text,
    status: Text,
    updated_at: Text,
    updatedAt: Text,
    domain: z.enum(['test', 'live']).nullish().catch(null),
  }),
});
/** The amount and currency of a transaction, refund or transfer. Where the customer pays the fee, a transaction has more. */
const Amount = z
  .object({ amount: Subunits, requested_amount: Subunits.nullish().catch(null), currency: Currency })
  .nullish()
  .catch(null);
const AmountOfTransaction = z.object({ transaction: Amount });
const Charge = z.object({ reference: Reference });
const RefundOfTransaction = z.object({ transaction_reference: Reference });
const Dispute = z.object({ id: Reference, transaction: z.object({ reference: Reference }) });

const SIGNATURE = /^[0-9a-f]{128}$/;

type SubjectOfWebhook = Pick<ProviderWebhook, 'reported' | 'reportedRefund'> & {
  subject: WebhookSubject;
  ref: string;
  paymentRef: string | null;
};

function subjectOf(event: string, data: unknown): SubjectOfWebhook | null {
  if (event === 'charge.success') {
    const { reference } = Charge.parse(data);
    return { subject: 'payment', ref: reference, paymentRef: reference, reported: amountOf(data) };
  }
  if (event.startsWith('charge.dispute.')) {
    const { id, transaction } = Dispute.parse(data);
    const reported = amountOf(AmountOfTransaction.parse(data).transaction);
    return { subject: 'dispute', ref: id, paymentRef: transaction.reference, reported };
  }
  if (event.startsWith('refund.')) {
    const { transaction_reference: reference } = RefundOfTransaction.parse(data);
    return { subject: 'payment', ref: reference, paymentRef: reference, reportedRefund: amountOf(data) };
  }
  if (event.startsWith('transfer.')) {
    const { reference } = Charge.parse(data);
    return { subject: 'transfer', ref: reference, paymentRef: null, reported: amountOf(data) };
  }
  return null;
}

/** Null: the webhook does not contain it. */
function amountOf(data: unknown): ReportedAmount | null {
  const found = Amount.parse(data);
  if (!found) return null;
  const { amount, requested_amount: requested, currency } = found;
  return { amountMinor: fromSubunits(requested ?? amount, currency), currency };
}

/** The mode of a secret key, and of the webhooks that are signed with it. */
export const accountOfKey = (secretKey: string): 'test' | 'live' =>
  secretKey.startsWith('sk_live_') ? 'live' : 'test';

/**
 * Webhooks have no id. It is derived from the object and its state, so that a repeated delivery is the same webhook, and one
 * that is parked because of its amount does not hide a correct one. The objects of refunds have no id: two refunds of one
 * transaction differ only somewhere in their bodies.
 */
function idOf({ event, data }: z.output<typeof Webhook>, rawBody: Buffer): string {
  const { id, status, updated_at, updatedAt, amount, requested_amount, currency, domain } = data;
  const state = [
    event,
    id,
    status,
    updated_at ?? updatedAt ?? '',
    amount,
    requested_amount,
    currency,
    domain,
  ];
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
    reported: found?.reported ?? null,
    reportedRefund: found?.reportedRefund ?? null,
    account: webhook.data.domain ?? null,
  };
}
