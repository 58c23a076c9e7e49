import { type EntityManager, sql } from '@mikro-orm/postgresql';

interface CurrencyTotal {
  currency: string;
  /** Debits minus credits. */
  net: number;
}

interface GuestBalance {
  payment_id: string;
  currency: string;
  net: number;
}

interface AmountDifference {
  currency: string;
  what: string;
  expected: number;
  found: number;
}

/** The totals of the whole ledger by currency. */
export function currencyTotals(em: EntityManager): Promise<CurrencyTotal[]> {
  return em.execute<CurrencyTotal[]>(sql`
    SELECT currency, sum(side * amount_minor)::bigint AS net FROM (
      SELECT a.currency, 1 AS side, m.amount_minor FROM movement m JOIN ledger_account a ON a.id = m.debit_id
      UNION ALL
      SELECT a.currency, -1, m.amount_minor FROM movement m JOIN ledger_account a ON a.id = m.credit_id) s
    GROUP BY currency`);
}

/** Payments whose movements do not balance in the guest's account. */
export function unbalancedGuestAccounts(em: EntityManager): Promise<GuestBalance[]> {
  return em.execute<GuestBalance[]>(sql`
    SELECT m.payment_id, m.currency,
      sum(CASE WHEN d.code = 'guest' THEN m.amount_minor ELSE -m.amount_minor END)::bigint AS net
    FROM movement m JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
    WHERE 'guest' IN (d.code, c.code) GROUP BY m.payment_id, m.currency
    HAVING sum(CASE WHEN d.code = 'guest' THEN m.amount_minor ELSE -m.amount_minor END) <> 0`);
}

/** Payments whose amounts differ from their movements. At most 1,000 rows. */
export function paymentDifferences(em: EntityManager): Promise<(AmountDifference & { id: string })[]> {
  return em.execute<(AmountDifference & { id: string })[]>(sql`
    WITH posted AS (
      SELECT m.payment_id,
        coalesce(sum(amount_minor) FILTER (WHERE d.code = 'provider_clearing' AND c.code NOT IN ('dispute_reserve', 'refunds')), 0)::bigint
          AS captured,
        (coalesce(sum(amount_minor) FILTER (WHERE c.code IN ('provider_clearing', 'platform_bank') AND d.code <> 'dispute_reserve'), 0)
          - coalesce(sum(amount_minor) FILTER (WHERE d.code = 'provider_clearing' AND c.code = 'refunds'), 0))::bigint AS refunded,
        (coalesce(sum(amount_minor) FILTER (WHERE c.code = 'refunds'), 0)
          - coalesce(sum(amount_minor) FILTER (WHERE d.code = 'refunds'), 0))::bigint AS owed
      FROM movement m JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
      WHERE m.payment_id IS NOT NULL GROUP BY m.payment_id)
    SELECT p.id, p.currency, x.what, x.expected, x.found FROM payment p LEFT JOIN posted l ON l.payment_id = p.id
    CROSS JOIN LATERAL (VALUES
      ('captured', p.captured_minor, coalesce(l.captured, 0)),
      ('refunded', p.refunded_minor, coalesce(l.refunded, 0)),
      ('reserved for refunds', p.refund_reserved_minor - p.refunded_minor, coalesce(l.owed, 0))
    ) AS x (what, expected, found) WHERE x.expected <> x.found LIMIT 1000`);
}

/**
 * Bookings whose split differs from their movements. At most 1,000 rows. Leaves out bookings with a disputed or unpaid
 * payment, a lost dispute, a failed refund that was not retried, or an operator's refund.
 */
export function bookingDifferences(
  em: EntityManager,
): Promise<(AmountDifference & { booking_id: string })[]> {
  return em.execute<(AmountDifference & { booking_id: string })[]>(sql`
    WITH checked AS (
      SELECT * FROM booking_split b WHERE host_minor IS NOT NULL
        AND NOT EXISTS (SELECT FROM payment p WHERE p.booking_id = b.booking_id
          AND (p.status = 'disputed' OR (p.confirmed AND p.captured_minor = 0)))
        AND NOT EXISTS (SELECT FROM dispute l JOIN payment p ON p.id = l.payment_id
          WHERE p.booking_id = b.booking_id AND l.status = 'lost')
        AND NOT EXISTS (SELECT FROM refund r JOIN payment p ON p.id = r.payment_id
          WHERE p.booking_id = b.booking_id AND (r.cause LIKE 'admin:%' OR (r.status = 'failed' AND NOT EXISTS (
            SELECT FROM refund n WHERE n.payment_id = r.payment_id AND n.cause = r.cause || '/retry'))))),
    posted AS (
      SELECT m.booking_id, x.code, sum(x.side * m.amount_minor)::bigint AS owed FROM checked b
      JOIN movement m ON m.booking_id = b.booking_id
      JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
      CROSS JOIN LATERAL (VALUES (c.code, 1), (d.code, -1)) AS x (code, side)
      WHERE c.code <> 'host_penalty' AND 'payout_in_transit' NOT IN (c.code, d.code) GROUP BY m.booking_id, x.code)
    SELECT b.booking_id, b.currency, x.what, x.expected, coalesce(l.owed, 0) AS found FROM checked b
    CROSS JOIN LATERAL (VALUES ('host_payable', b.host_minor), ('platform_revenue', b.platform_minor),
      ('tax_payable', b.tax_minor)) AS x (what, expected)
    LEFT JOIN posted l ON l.booking_id = b.booking_id AND l.code = x.what
    WHERE x.expected <> coalesce(l.owed, 0) LIMIT 1000`);
}
