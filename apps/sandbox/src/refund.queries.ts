import { type Client, type IntentRow, newId } from './intent.queries.js';

export interface RefundRow {
  seq: number;
  id: string;
  intent_id: string;
  amount_minor: number;
  reason: string | null;
  status: 'succeeded' | 'failed';
  metadata: Record<string, string>;
  created_at: Date;
}

export interface NewRefund {
  intentId: string;
  amountMinor: number;
  reason?: string | undefined;
  metadata: Record<string, string>;
}

/** Stores a refund and adds it to its intent. */
export async function insertRefund(client: Client, refund: NewRefund): Promise<RefundRow> {
  const { rows } = await client.query<RefundRow>(
    `INSERT INTO refund (id, intent_id, amount_minor, reason, status, metadata)
     VALUES ($1, $2, $3, $4, 'succeeded', $5) RETURNING *`,
    [
      newId('re'),
      refund.intentId,
      refund.amountMinor,
      refund.reason ?? null,
      JSON.stringify(refund.metadata),
    ],
  );
  await client.query(
    'UPDATE intent SET refunded_minor = refunded_minor + $2, version = version + 1 WHERE id = $1',
    [refund.intentId, refund.amountMinor],
  );
  if (!rows[0]) throw new Error('The stored refund is missing');
  return rows[0];
}

/** Oldest first. */
export async function listRefunds(client: Client, intentId: string): Promise<RefundRow[]> {
  const { rows } = await client.query<RefundRow>('SELECT * FROM refund WHERE intent_id = $1 ORDER BY seq', [
    intentId,
  ]);
  return rows;
}

/** Opens a dispute about the captured amount of an intent. */
export async function insertDispute(client: Client, intent: IntentRow): Promise<void> {
  await client.query(
    `INSERT INTO dispute (id, intent_id, amount_minor, status) VALUES ($1, $2, $3, 'open')`,
    [newId('dp'), intent.id, intent.captured_minor],
  );
}

/** Closes the open dispute of an intent; returns its amount, or undefined if there is none. */
export async function closeDispute(
  client: Client,
  intentId: string,
  outcome: 'won' | 'lost',
): Promise<number | undefined> {
  const { rows } = await client.query<{ amount_minor: number }>(
    `UPDATE dispute SET status = $2 WHERE intent_id = $1 AND status = 'open' RETURNING amount_minor`,
    [intentId, outcome],
  );
  return rows[0]?.amount_minor;
}
