import { type Client, newId } from './intent.queries.js';
import { Rejection } from './rejection.js';

export type TransferStatus = 'pending' | 'paid' | 'failed';

export interface TransferRow {
  seq: number;
  id: string;
  destination: string;
  amount_minor: number;
  currency: string;
  status: TransferStatus;
  error_code: string | null;
  metadata: Record<string, string>;
  created_at: Date;
}

export interface NewTransfer {
  destination: string;
  amountMinor: number;
  currency: string;
  metadata: Record<string, string>;
}

export interface TransferFilter {
  metadata?: Record<string, string> | undefined;
  createdSince?: string | undefined;
  after: number;
  limit: number;
}

export async function insertTransfer(
  client: Client,
  transfer: NewTransfer,
  outcome: { status: TransferStatus; errorCode: string | null },
): Promise<TransferRow> {
  const { rows } = await client.query<TransferRow>(
    `INSERT INTO transfer (id, destination, amount_minor, currency, status, error_code, metadata)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
    [
      newId('tr'),
      transfer.destination,
      transfer.amountMinor,
      transfer.currency,
      outcome.status,
      outcome.errorCode,
      JSON.stringify(transfer.metadata),
    ],
  );
  if (!rows[0]) throw new Error('The stored transfer is missing');
  return rows[0];
}

/** Throws 404 for an unknown transfer. */
export async function readTransfer(
  client: Client,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<TransferRow> {
  const { rows } = await client.query<TransferRow>(`SELECT * FROM transfer WHERE id = $1 ${lock}`, [id]);
  if (!rows[0]) throw new Rejection(404, 'not_found', 'No such transfer');
  return rows[0];
}

/** Oldest first. */
export async function listTransfers(client: Client, filter: TransferFilter): Promise<TransferRow[]> {
  const metadata = filter.metadata ? JSON.stringify(filter.metadata) : null;
  const { rows } = await client.query<TransferRow>(
    `SELECT * FROM transfer WHERE seq > $1 AND ($2::jsonb IS NULL OR metadata @> $2)
       AND ($4::timestamptz IS NULL OR created_at >= $4) ORDER BY seq LIMIT $3`,
    [filter.after, metadata, filter.limit, filter.createdSince ?? null],
  );
  return rows;
}

export async function updateTransfer(
  client: Client,
  id: string,
  outcome: { status: TransferStatus; errorCode: string | null },
): Promise<TransferRow> {
  const { rows } = await client.query<TransferRow>(
    'UPDATE transfer SET status = $2, error_code = $3 WHERE id = $1 RETURNING *',
    [id, outcome.status, outcome.errorCode],
  );
  if (!rows[0]) throw new Error('The updated transfer is missing');
  return rows[0];
}

/** The entry of a transfer in the provider's own books. */
export async function insertTransferEntry(
  client: Client,
  transfer: TransferRow,
  kind: 'transfer' | 'transfer_reversal',
): Promise<void> {
  const amountMinor = kind === 'transfer' ? -transfer.amount_minor : transfer.amount_minor;
  await client.query(
    'INSERT INTO book_entry (transfer_id, kind, amount_minor, currency) VALUES ($1, $2, $3, $4)',
    [transfer.id, kind, amountMinor, transfer.currency],
  );
}

/** The platform's balance in a currency. Transfers of one currency wait for each other until the end of the transaction. */
export async function lockBalance(client: Client, currency: string): Promise<number> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('roost_sandbox.balance'), hashtext($1))`, [
    currency,
  ]);
  const { rows } = await client.query<{ balance: number }>(
    'SELECT coalesce(sum(amount_minor), 0)::bigint AS balance FROM book_entry WHERE currency = $1',
    [currency],
  );
  return rows[0]?.balance ?? 0;
}
