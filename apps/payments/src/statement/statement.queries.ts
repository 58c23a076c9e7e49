import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface HostAccount {
  id: number;
  currency: string;
}

/** The accounts of a host, by currency. */
export function findHostAccounts(
  em: EntityManager,
  hostId: string,
  currency: string | null,
): Promise<HostAccount[]> {
  return em.execute<HostAccount[]>(sql`
    SELECT id, currency FROM ledger_account WHERE code = 'host_payable' AND owner_id = ${hostId}
      AND (${currency}::text IS NULL OR currency = ${currency}::text) ORDER BY currency`);
}

/** The balance that is owed to the host at an instant. */
export async function balanceBefore(em: EntityManager, accountId: number, at: Date): Promise<number> {
  const [row] = await em.execute<{ balance: number }[]>(sql`
    SELECT (SELECT coalesce(sum(amount_minor), 0) FROM movement WHERE credit_id = ${accountId} AND occurred_at < ${at})
      - (SELECT coalesce(sum(amount_minor), 0) FROM movement WHERE debit_id = ${accountId} AND occurred_at < ${at})
      AS balance`);
  return Number(row?.balance);
}

export interface EntryRow {
  key: string;
  amount: number;
  bookingId: string | null;
  occurredAt: Date;
  listingTitle: string | null;
  /** Of an earning: the fee if the stay is known, and the taxes. */
  hostFee: number | null;
  tax: number | null;
}

/** The movements of an account within a range, oldest first. */
export function findEntries(
  em: EntityManager,
  accountId: number,
  { from, to }: { from: Date; to: Date },
  limit: number,
): Promise<EntryRow[]> {
  return em.execute<EntryRow[]>(sql`
    WITH entry AS (
      SELECT * FROM (
        (SELECT id, key, amount_minor AS amount, booking_id, payment_id, occurred_at FROM movement
          WHERE credit_id = ${accountId} AND occurred_at >= ${from} AND occurred_at < ${to}
          ORDER BY occurred_at, id LIMIT ${limit})
        UNION ALL
        (SELECT id, key, -amount_minor, booking_id, payment_id, occurred_at FROM movement
          WHERE debit_id = ${accountId} AND occurred_at >= ${from} AND occurred_at < ${to}
          ORDER BY occurred_at, id LIMIT ${limit})) both_sides
      ORDER BY occurred_at, id LIMIT ${limit})
    SELECT e.key, e.amount, e.booking_id AS "bookingId", e.occurred_at AS "occurredAt", s.listing_title AS "listingTitle",
      CASE WHEN p.id IS NOT NULL AND p.captured_minor = p.amount_minor THEN s.host_fee_minor END AS "hostFee",
      CASE WHEN p.id IS NOT NULL THEN (SELECT coalesce(sum(t.amount_minor), 0) FROM movement t
        JOIN ledger_account a ON a.id = t.credit_id AND a.code = 'tax_payable' WHERE t.key = e.key) END AS tax
    FROM entry e
    LEFT JOIN payment p ON p.id = e.payment_id AND e.key = 'capture:' || p.id
    LEFT JOIN paid_stay s ON s.id = coalesce(p.change_id, e.booking_id)
    ORDER BY e.occurred_at, e.id`);
}

export interface MonthRow {
  month: string;
  net: number;
  entries: number;
}

/** The months with movements of an account, oldest first, in UTC. */
export function findMonths(em: EntityManager, accountId: number): Promise<MonthRow[]> {
  return em.execute<MonthRow[]>(sql`
    SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, sum(amount) AS net, count(*) AS entries FROM (
      SELECT occurred_at, amount_minor AS amount FROM movement WHERE credit_id = ${accountId}
      UNION ALL SELECT occurred_at, -amount_minor FROM movement WHERE debit_id = ${accountId}) moved
    GROUP BY 1 ORDER BY 1`);
}
