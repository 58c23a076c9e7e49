import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { WebhookSubject } from '../provider/provider.port.js';

export type WebhookOutcome = 'applied' | 'not-ours' | 'unknown-type';

export interface WebhookKey {
  provider: string;
  id: string;
}

export interface NewWebhook extends WebhookKey {
  type: string;
  subject: WebhookSubject | null;
  ref: string | null;
  paymentId: string | null;
  /** Encrypted. */
  payload: string;
  receivedAt: Date;
}

export interface ClaimedWebhook {
  subject: WebhookSubject | null;
  ref: string | null;
  payment_id: string | null;
}

/** Stores a webhook that is due at once; false if it is stored already. */
export async function insertWebhook(em: EntityManager, webhook: NewWebhook): Promise<boolean> {
  const { provider, id, type, subject, ref, paymentId, payload, receivedAt } = webhook;
  const rows = await em.execute<object[]>(sql`
    INSERT INTO webhook_event (provider, id, type, subject, ref, payment_id, payload, due_at, received_at)
    VALUES (${provider}, ${id}, ${type}, ${subject}, ${ref}, ${paymentId}, ${payload}, ${receivedAt}, ${receivedAt})
    ON CONFLICT (provider, id) DO NOTHING RETURNING true`);
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
    RETURNING subject, ref, payment_id`);
  return rows[0] ?? null;
}

export async function finishWebhook(
  em: EntityManager,
  { provider, id }: WebhookKey,
  outcome: WebhookOutcome,
  now: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE webhook_event SET handled_at = ${now}, outcome = ${outcome}
    WHERE provider = ${provider} AND id = ${id} AND handled_at IS NULL`);
}

/** Webhooks that are due, oldest first. */
export function dueWebhooks(em: EntityManager, limit: number): Promise<WebhookKey[]> {
  return em.execute<WebhookKey[]>(sql`
    SELECT provider, id FROM webhook_event WHERE handled_at IS NULL AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT ${limit}`);
}
