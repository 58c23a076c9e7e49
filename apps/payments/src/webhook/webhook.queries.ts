import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { executePrepared } from '@roost/platform';
import type { Mismatch } from '../payment/domain/provider-mismatch.js';
import type { ProviderWebhook, WebhookSubject } from '../provider/provider.port.js';

/** An operator dismisses a parked webhook that must never be applied. */
export const webhookOutcomes = ['applied', 'not-ours', 'unknown-type', 'parked', 'dismissed'] as const;
export type WebhookOutcome = (typeof webhookOutcomes)[number];

/** The outcome of one attempt. A webhook that contradicts the payment is parked with the reason. */
export type WebhookResult = Exclude<WebhookOutcome, 'parked' | 'dismissed'> | { parked: Mismatch };

export interface WebhookKey {
  provider: string;
  id: string;
}

export interface NewWebhook extends WebhookKey, ProviderWebhook {
  /** Encrypted. */
  payload: string;
  receivedAt: Date;
}

export interface ClaimedWebhook {
  subject: WebhookSubject | null;
  ref: string | null;
  payment_id: string | null;
  reported_minor: number | null;
  reported_refund_minor: number | null;
  reported_currency: string | null;
  account: string | null;
}

/** Payments ignores this webhook: it is stored and acknowledged, and never read again. */
export const isIgnored = ({ subject, ref }: Pick<ProviderWebhook, 'subject' | 'ref'>) =>
  subject === null || ref === null;

/** Stores a webhook that is due at once, or handled if it is ignored; false if it is stored already. */
export async function insertWebhook(em: EntityManager, webhook: NewWebhook): Promise<boolean> {
  const { provider, id, type, subject, ref, paymentId, payload, receivedAt } = webhook;
  const { reported = null, reportedRefund = null, account = null } = webhook;
  const [outcome, handledAt] = isIgnored(webhook) ? ['unknown-type', receivedAt] : [null, null];
  const rows = await executePrepared<object>(
    em,
    'webhook-store',
    sql`INSERT INTO webhook_event (provider, id, type, subject, ref, payment_id, reported_minor, reported_refund_minor,
      reported_currency, account, payload, outcome, due_at, received_at, handled_at)
    VALUES (${provider}, ${id}, ${type}, ${subject}, ${ref}, ${paymentId}, ${reported?.amountMinor ?? null},
      ${reportedRefund?.amountMinor ?? null}, ${(reported ?? reportedRefund)?.currency ?? null}, ${account}, ${payload}, ${outcome}, clock_timestamp(),
      ${receivedAt}, ${handledAt})
    ON CONFLICT (provider, id) DO NOTHING RETURNING true`,
  );
  return rows.length > 0;
}

/** Claims a due webhook and postpones its next attempt, by 5 s at first and at most an hour; null if it is not due. */
export async function claimWebhook(
  em: EntityManager,
  { provider, id }: WebhookKey,
): Promise<ClaimedWebhook | null> {
  const rows = await em.execute<ClaimedWebhook[]>(sql`
    UPDATE webhook_event SET tries = tries + 1,
      due_at = clock_timestamp() + least(5 * 2 ^ least(tries, 12), 3600) * interval '1 second'
    WHERE provider = ${provider} AND id = ${id} AND handled_at IS NULL AND due_at <= clock_timestamp()
    RETURNING subject, ref, payment_id, reported_minor, reported_refund_minor, reported_currency, account`);
  return rows[0] ?? null;
}

export async function finishWebhook(
  em: EntityManager,
  { provider, id }: WebhookKey,
  result: WebhookResult,
  now: Date,
): Promise<void> {
  const [outcome, parkReason] = typeof result === 'string' ? [result, null] : ['parked', result.parked];
  await em.execute(sql`
    UPDATE webhook_event SET handled_at = ${now}, outcome = ${outcome}, park_reason = ${parkReason}, payload = ''
    WHERE provider = ${provider} AND id = ${id} AND handled_at IS NULL`);
}

/** Webhooks that are due, oldest first. */
export function dueWebhooks(em: EntityManager, limit: number): Promise<WebhookKey[]> {
  return em.execute<WebhookKey[]>(sql`
    SELECT provider, id FROM webhook_event WHERE handled_at IS NULL AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT ${limit}`);
}
