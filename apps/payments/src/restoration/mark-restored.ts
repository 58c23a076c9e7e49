import { RESTORATION_TABLES } from './restoration.tables.js';

/** As of pg. The command that restores a database has no service that runs on it. */
export interface Connection {
  query<Row extends object>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** Papers of a legal entity that may have been issued after the instant of the backup, in addition to an estimate. */
const LEAST_GAP = 1_000;

/**
 * Prepares the database of payments that was restored to an earlier instant. Providers know what has happened since:
 * - Payouts wait until the reconciliation finds no difference: a lost payout would otherwise be paid a second time.
 * - Each pending call counts as repeated, so the provider's state is read before it is made: its key may have expired there.
 * - The numbers of papers continue after a gap: those in it may be on papers that were lost.
 */
export async function markRestored(client: Connection, restoredTo: Date): Promise<void> {
  await client.query('BEGIN');
  try {
    for (const table of RESTORATION_TABLES) await client.query(table);
    await client.query('INSERT INTO restoration (restored_to) VALUES ($1)', [restoredTo]);
    await client.query(
      `UPDATE payment_operation SET tries = greatest(tries, 1), lease_until = NULL WHERE status = 'pending'`,
    );
    await client.query(
      `UPDATE payout SET tries = greatest(tries, 1), lease_until = NULL WHERE status = 'in_transit'`,
    );
    // Twice as many as in the time before the instant that is as long as the time since.
    await client.query(
      `WITH gap AS (
         SELECT c.legal_entity, c.last_number AS last, ${LEAST_GAP} + 2 * (
           SELECT count(*) FROM paper p WHERE p.legal_entity = c.legal_entity
             AND p.recorded_at > $1::timestamptz - (clock_timestamp() - $1::timestamptz)) AS size
         FROM paper_counter c),
       inserted AS (
         INSERT INTO paper_gap (legal_entity, first_number, last_number)
         SELECT legal_entity, last + 1, last + size FROM gap RETURNING legal_entity, last_number)
       UPDATE paper_counter c SET last_number = i.last_number FROM inserted i WHERE i.legal_entity = c.legal_entity`,
      [restoredTo],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

export interface Restoration {
  restoredTo: Date;
  restoredAt: Date;
  endedAt: Date | null;
  endedBecause: string | null;
}

/** Newest first. */
export async function listRestorations(client: Connection): Promise<Restoration[]> {
  const { rows } = await client.query<Restoration>(
    `SELECT restored_to AS "restoredTo", restored_at AS "restoredAt", ended_at AS "endedAt",
       ended_because AS "endedBecause" FROM restoration ORDER BY position DESC`,
  );
  return rows;
}

/** An operator accepts the differences that remain. Returns the number of restorations that ended. */
export async function acceptDifferences(client: Connection, reason: string): Promise<number> {
  const { rows } = await client.query<object>(
    `UPDATE restoration SET ended_at = clock_timestamp(), ended_because = $1 WHERE ended_at IS NULL RETURNING true`,
    [reason],
  );
  return rows.length;
}
