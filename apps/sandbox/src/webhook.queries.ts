import type { PoolClient } from 'pg';

type Client = Pick<PoolClient, 'query'>;

export interface NewWebhook {
  id: string;
  type: string;
  payload: string;
  copies: number;
  lost: boolean;
  delayMs: number;
  traceparent: string | null;
}

export interface DueWebhook {
  id: string;
  payload: string;
  copies: number;
  attempts: number;
  traceparent: string | null;
}

export interface Attempt {
  /** The HTTP status, or `unreachable`. */
  status: string;
  delivered: boolean;
  nextAttemptSeconds: number;
}

const CLAIM_SIZE = 20;
const MAX_ATTEMPTS = 15;

export async function insertWebhook(client: Client, webhook: NewWebhook): Promise<void> {
  const { id, type, payload, copies, lost, delayMs, traceparent } = webhook;
  await client.query(
    `INSERT INTO webhook_event (id, type, payload, copies, lost, due_at, traceparent)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 millisecond', $7)`,
    [id, type, payload, copies, lost, delayMs, traceparent],
  );
}

/** Claims due webhooks for 20 seconds, oldest first. */
export async function claimDueWebhooks(client: Client): Promise<DueWebhook[]> {
  const { rows } = await client.query<DueWebhook>(
    `UPDATE webhook_event SET attempts = attempts + 1, due_at = clock_timestamp() + interval '20 seconds'
     WHERE id IN (SELECT id FROM webhook_event WHERE delivered_at IS NULL AND NOT lost AND due_at <= clock_timestamp()
                  ORDER BY due_at, seq LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING id, payload, copies, attempts, traceparent`,
    [CLAIM_SIZE],
  );
  return rows;
}

/** Records an attempt. A webhook that was not delivered in 15 attempts is lost. */
export async function recordAttempt(client: Client, id: string, attempt: Attempt): Promise<void> {
  await client.query(
    `UPDATE webhook_event SET last_status = $2,
       delivered_at = CASE WHEN $3 THEN clock_timestamp() END,
       lost = (NOT $3 AND attempts >= $4),
       due_at = clock_timestamp() + $5 * interval '1 second' WHERE id = $1`,
    [id, attempt.status, attempt.delivered, MAX_ATTEMPTS, attempt.nextAttemptSeconds],
  );
}

/** The last 1,000 webhooks, newest first. */
export async function listWebhooks(client: Client): Promise<object[]> {
  const { rows } = await client.query<object>(
    `SELECT id, type, payload::jsonb AS payload, copies, attempts, lost, delivered_at AS "deliveredAt",
       last_status AS "lastStatus"
     FROM webhook_event ORDER BY seq DESC LIMIT 1000`,
  );
  return rows;
}
