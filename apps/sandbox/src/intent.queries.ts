import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { Rejection } from './rejection.js';

export type Client = Pick<PoolClient, 'query'>;

export interface IntentRow {
  seq: number;
  id: string;
  status: 'requires_payment_method' | 'requires_action' | 'requires_capture' | 'succeeded' | 'canceled';
  amount_minor: number;
  currency: string;
  capture_method: 'manual' | 'automatic';
  payment_method: string | null;
  authorized_minor: number;
  captured_minor: number;
  refunded_minor: number;
  capture_before: Date | null;
  error_code: string | null;
  client_secret: string;
  challenge: string | null;
  return_url: string | null;
  metadata: Record<string, string>;
  version: number;
  created_at: Date;
  dispute: string | null;
}

export interface NewIntent {
  id: string;
  amountMinor: number;
  currency: string;
  captureMethod: 'manual' | 'automatic';
  clientSecret: string;
  metadata: Record<string, string>;
}

export interface IntentFilter {
  metadata?: Record<string, string> | undefined;
  createdSince?: string | undefined;
  after: number;
  limit: number;
}

/** How long an authorization is valid. */
const AUTHORIZATION_DAYS = 7;

export const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`;

const columns = `i.*, (SELECT d.status FROM dispute d WHERE d.intent_id = i.id ORDER BY d.created_at DESC LIMIT 1) AS dispute`;

export async function insertIntent(client: Client, intent: NewIntent): Promise<void> {
  const { id, amountMinor, currency, captureMethod, clientSecret, metadata } = intent;
  await client.query(
    `INSERT INTO intent (id, status, amount_minor, currency, capture_method, client_secret, metadata)
     VALUES ($1, 'requires_payment_method', $2, $3, $4, $5, $6)`,
    [id, amountMinor, currency, captureMethod, clientSecret, JSON.stringify(metadata)],
  );
}

/** Throws 404 for an unknown intent. */
export async function readIntent(
  client: Client,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<IntentRow> {
  // A statement of its own: one that waits for the lock reads the disputes as they were before it waited.
  if (lock) await client.query(`SELECT FROM intent WHERE id = $1 ${lock}`, [id]);
  const { rows } = await client.query<IntentRow>(`SELECT ${columns} FROM intent i WHERE i.id = $1`, [id]);
  if (!rows[0]) throw new Rejection(404, 'not_found', 'No such payment intent');
  return rows[0];
}

/** Oldest first. */
export async function listIntents(client: Client, filter: IntentFilter): Promise<IntentRow[]> {
  const metadata = filter.metadata ? JSON.stringify(filter.metadata) : null;
  const { rows } = await client.query<IntentRow>(
    `SELECT ${columns} FROM intent i WHERE i.seq > $1 AND ($2::jsonb IS NULL OR i.metadata @> $2)
       AND ($4::timestamptz IS NULL OR i.created_at >= $4) ORDER BY i.seq LIMIT $3`,
    [filter.after, metadata, filter.limit, filter.createdSince ?? null],
  );
  return rows;
}

export async function requireAction(
  client: Client,
  id: string,
  action: { paymentMethod: string; challenge: string; returnUrl: string | null },
): Promise<void> {
  await client.query(
    `UPDATE intent SET status = 'requires_action', payment_method = $2, error_code = NULL, challenge = $3,
       return_url = $4, version = version + 1 WHERE id = $1`,
    [id, action.paymentMethod, action.challenge, action.returnUrl],
  );
}

/** Authorizes the amount of a manual intent, and captures that of an automatic one. */
export async function chargeIntent(
  client: Client,
  { id, capture_method }: IntentRow,
  paymentMethod: string,
): Promise<void> {
  const manual = capture_method === 'manual';
  await client.query(
    `UPDATE intent SET status = $2, payment_method = $3, error_code = NULL, challenge = NULL,
       authorized_minor = amount_minor, captured_minor = CASE WHEN $4 THEN 0 ELSE amount_minor END,
       capture_before = CASE WHEN $4 THEN now() + $5 * interval '1 day' END, version = version + 1 WHERE id = $1`,
    [id, manual ? 'requires_capture' : 'succeeded', paymentMethod, manual, AUTHORIZATION_DAYS],
  );
}

export async function captureIntent(client: Client, id: string, amountMinor: number): Promise<void> {
  await client.query(
    `UPDATE intent SET status = 'succeeded', captured_minor = $2, version = version + 1 WHERE id = $1`,
    [id, amountMinor],
  );
}

export async function declineIntent(
  client: Client,
  id: string,
  paymentMethod: string,
  code: string,
): Promise<void> {
  await client.query(
    `UPDATE intent SET status = 'requires_payment_method', payment_method = $2, error_code = $3, challenge = NULL,
       version = version + 1 WHERE id = $1`,
    [id, paymentMethod, code],
  );
}

export async function cancelIntent(client: Client, id: string): Promise<void> {
  await client.query(
    `UPDATE intent SET status = 'canceled', challenge = NULL, version = version + 1 WHERE id = $1`,
    [id],
  );
}

/** Cancels an authorized intent whose authorization has lapsed. */
export async function lapseIntent(client: Client, id: string): Promise<void> {
  await client.query(
    `UPDATE intent SET status = 'canceled', error_code = 'authorization_lapsed', version = version + 1
     WHERE id = $1 AND status = 'requires_capture'`,
    [id],
  );
}

export async function incrementVersion(client: Client, id: string): Promise<void> {
  await client.query('UPDATE intent SET version = version + 1 WHERE id = $1', [id]);
}
