import { type Client, type IntentRow, newId } from './intent.queries.js';

export interface DisputeRow {
  seq: number;
  id: string;
  intent_id: string;
  amount_minor: number;
  currency: string;
  status: 'open' | 'won' | 'lost';
  under_review: boolean;
  reason: string;
  evidence_due_at: Date;
  created_at: Date;
}

export interface NewDispute {
  amountMinor: number;
  reason: string;
}

export interface DisputeFilter {
  intentId: string | null;
  /** The number of the last dispute of the page before; null for the first page. */
  before: number | null;
  limit: number;
}

/** How long the merchant may submit evidence. */
const EVIDENCE_DAYS = 7;

const columns = 'd.*, i.currency';

export async function insertDispute(
  client: Client,
  intent: IntentRow,
  { amountMinor, reason }: NewDispute,
): Promise<string> {
  const id = newId('dp');
  await client.query(
    `INSERT INTO dispute (id, intent_id, amount_minor, status, reason, evidence_due_at)
     VALUES ($1, $2, $3, 'open', $4, clock_timestamp() + $5 * interval '1 day')`,
    [id, intent.id, amountMinor, reason, EVIDENCE_DAYS],
  );
  return id;
}

/** Closes the open dispute of an intent; undefined if there is none. */
export async function closeDispute(
  client: Client,
  intentId: string,
  outcome: 'won' | 'lost',
): Promise<{ id: string; amount_minor: number } | undefined> {
  const { rows } = await client.query<{ id: string; amount_minor: number }>(
    `UPDATE dispute SET status = $2 WHERE intent_id = $1 AND status = 'open' RETURNING id, amount_minor`,
    [intentId, outcome],
  );
  return rows[0];
}

/** The bank reviews the evidence of the open dispute; undefined if there is none. */
export async function reviewDispute(client: Client, intentId: string): Promise<{ id: string } | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `UPDATE dispute SET under_review = true WHERE intent_id = $1 AND status = 'open' RETURNING id`,
    [intentId],
  );
  return rows[0];
}

/** The amounts that open and lost disputes have withdrawn from an intent. */
export async function withdrawnByDisputes(client: Client, intentId: string): Promise<number> {
  const { rows } = await client.query<{ total: number }>(
    `SELECT coalesce(sum(amount_minor), 0)::bigint AS total FROM dispute WHERE intent_id = $1 AND status <> 'won'`,
    [intentId],
  );
  return rows[0]?.total ?? 0;
}

export async function findDispute(client: Client, id: string): Promise<DisputeRow | undefined> {
  const { rows } = await client.query<DisputeRow>(
    `SELECT ${columns} FROM dispute d JOIN intent i ON i.id = d.intent_id WHERE d.id = $1`,
    [id],
  );
  return rows[0];
}

/** Newest first. */
export async function listDisputes(client: Client, filter: DisputeFilter): Promise<DisputeRow[]> {
  const { rows } = await client.query<DisputeRow>(
    `SELECT ${columns} FROM dispute d JOIN intent i ON i.id = d.intent_id
     WHERE ($1::text IS NULL OR d.intent_id = $1) AND ($2::bigint IS NULL OR d.seq < $2) ORDER BY d.seq DESC LIMIT $3`,
    [filter.intentId, filter.before, filter.limit],
  );
  return rows;
}
