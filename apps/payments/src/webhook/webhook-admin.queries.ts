import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, Instant, page, type PageOf } from '@roost/http';
import { z } from 'zod';
import type { Mismatch } from '../payment/domain/provider-mismatch.js';
import type { WebhookSubject } from '../provider/provider.port.js';
import type { WebhooksQuery, WebhookView } from './webhook-admin.dto.js';
import type { WebhookKey, WebhookOutcome } from './webhook.queries.js';

const Cursor = z.tuple([Instant, z.string(), z.string()]);

interface WebhookRow {
  provider: string;
  id: string;
  type: string;
  subject: WebhookSubject | null;
  ref: string | null;
  payment_id: string | null;
  account: string | null;
  reported_minor: number | null;
  reported_refund_minor: number | null;
  reported_currency: string | null;
  outcome: WebhookOutcome | null;
  park_reason: Mismatch | null;
  tries: number;
  received_at: Date;
  handled_at: Date | null;
  due_at: Date;
}

/** Newest first. */
export async function listWebhooks(em: EntityManager, query: WebhooksQuery): Promise<PageOf<WebhookView>> {
  const [at, lastProvider, lastId] = decodeCursor(query.cursor, Cursor) ?? [null, null, null];
  const { provider = null, type = null, paymentId = null, since = null, limit } = query;
  const { from = null, to = null } = query;
  const isPending = query.outcome === 'pending';
  const outcome = isPending ? null : (query.outcome ?? null);
  const rows = await em.execute<WebhookRow[]>(sql`
    SELECT * FROM webhook_event WHERE (${provider}::text IS NULL OR provider = ${provider}::text)
      AND (${type}::text IS NULL OR type = ${type}::text)
      AND (${paymentId}::uuid IS NULL OR payment_id = ${paymentId}::uuid)
      AND (${outcome}::text IS NULL OR outcome = ${outcome}::text)
      AND (NOT ${isPending}::boolean OR handled_at IS NULL)
      AND (${since}::timestamptz IS NULL OR received_at >= ${since}::timestamptz)
      AND (${from}::timestamptz IS NULL OR received_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR received_at < ${to}::timestamptz)
      AND (${at}::timestamptz IS NULL
        OR (received_at, provider, id) < (${at}::timestamptz, ${lastProvider}::text, ${lastId}::text))
    ORDER BY received_at DESC, provider DESC, id DESC LIMIT ${limit + 1}`);
  const webhooks = page(rows, limit, (row) => [row.received_at.toISOString(), row.provider, row.id]);
  return { data: webhooks.data.map(toView), nextCursor: webhooks.nextCursor };
}

export async function findWebhook(
  em: EntityManager,
  { provider, id }: WebhookKey,
): Promise<WebhookView | null> {
  const [row] = await em.execute<WebhookRow[]>(
    sql`SELECT * FROM webhook_event WHERE provider = ${provider} AND id = ${id}`,
  );
  return row ? toView(row) : null;
}

/** Makes a webhook due as if it had just arrived; null if there is none. */
export async function reopenWebhook(
  em: EntityManager,
  { provider, id }: WebhookKey,
): Promise<WebhookView | null> {
  const [row] = await em.execute<WebhookRow[]>(sql`
    UPDATE webhook_event SET handled_at = NULL, outcome = NULL, park_reason = NULL, tries = 0, due_at = clock_timestamp()
    WHERE provider = ${provider} AND id = ${id} RETURNING *`);
  return row ? toView(row) : null;
}

/** Closes a parked webhook without effect; null if it is not parked. */
export async function dismissWebhook(
  em: EntityManager,
  { provider, id }: WebhookKey,
): Promise<WebhookView | null> {
  const [row] = await em.execute<WebhookRow[]>(sql`
    UPDATE webhook_event SET outcome = 'dismissed'
    WHERE provider = ${provider} AND id = ${id} AND outcome = 'parked' RETURNING *`);
  return row ? toView(row) : null;
}

/** Without the payload, which contains secrets of the guest. */
const toView = (row: WebhookRow): WebhookView => ({
  provider: row.provider,
  id: row.id,
  type: row.type,
  subject: row.subject,
  ref: row.ref,
  paymentId: row.payment_id,
  account: row.account,
  reportedMinor: row.reported_minor ?? row.reported_refund_minor,
  reportedCurrency: row.reported_currency,
  outcome: row.outcome,
  parkReason: row.park_reason,
  tries: row.tries,
  receivedAt: row.received_at.toISOString(),
  handledAt: row.handled_at?.toISOString() ?? null,
  dueAt: row.handled_at === null ? row.due_at.toISOString() : null,
});
