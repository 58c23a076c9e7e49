import { type Client, newId } from './intent.queries.js';

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

/** The guest's bank returns a paid refund: it fails, and its intent has the money again. Null if it is not paid. */
export async function returnRefund(client: Client, id: string): Promise<RefundRow | null> {
  const { rows } = await client.query<RefundRow>(
    `UPDATE refund SET status = 'failed' WHERE id = $1 AND status = 'succeeded' RETURNING *`,
    [id],
  );
  const [refund] = rows;
  if (!refund) return null;
  await client.query(
    'UPDATE intent SET refunded_minor = refunded_minor - $2, version = version + 1 WHERE id = $1',
    [refund.intent_id, refund.amount_minor],
  );
  return refund;
}

/** Oldest first. */
export async function listRefunds(client: Client, intentId: string): Promise<RefundRow[]> {
  const { rows } = await client.query<RefundRow>('SELECT * FROM refund WHERE intent_id = $1 ORDER BY seq', [
    intentId,
  ]);
  return rows;
}
