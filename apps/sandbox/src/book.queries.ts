import type { Client, IntentRow } from './intent.queries.js';

/** The provider's own books. */
export async function insertBookEntry(
  client: Client,
  intent: IntentRow,
  kind: 'charge' | 'refund' | 'dispute' | 'dispute_reversal',
  amountMinor: number,
): Promise<void> {
  await client.query(
    'INSERT INTO book_entry (intent_id, kind, amount_minor, currency) VALUES ($1, $2, $3, $4)',
    [intent.id, kind, amountMinor, intent.currency],
  );
}

export async function bookTotals(client: Client): Promise<object[]> {
  const { rows } = await client.query<object>(
    `SELECT currency, kind, count(*) AS entries, sum(amount_minor)::bigint AS "amountMinor"
     FROM book_entry GROUP BY currency, kind ORDER BY currency, kind`,
  );
  return rows;
}

/** Oldest first. */
export async function bookEntries(client: Client, subjectId: string): Promise<object[]> {
  const { rows } = await client.query<object>(
    `SELECT kind, amount_minor AS "amountMinor", currency, created_at AS "createdAt"
     FROM book_entry WHERE $1 IN (intent_id, transfer_id) ORDER BY id`,
    [subjectId],
  );
  return rows;
}
