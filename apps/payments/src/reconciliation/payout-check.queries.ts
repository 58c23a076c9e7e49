import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { PageStart } from './reconciliation.queries.js';

interface PayoutAmount {
  id: string;
  provider_ref: string | null;
  currency: string;
  what: string;
  expected: number;
  found: number;
}

interface HostAmount {
  host_id: string;
  currency: string;
  expected: number;
  found: number;
}

/** Payouts whose movements differ from their amount and status. At most 1,000 rows. */
export function payoutMovementDifferences(em: EntityManager): Promise<PayoutAmount[]> {
  return em.execute<PayoutAmount[]>(sql`
    SELECT p.id, p.provider_ref, p.currency, x.what, x.expected, x.found FROM payout p
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(CASE WHEN c.code = 'payout_in_transit' THEN m.amount_minor ELSE -m.amount_minor END)
          FILTER (WHERE m.key NOT LIKE '%:failed'), 0)::bigint AS sent,
        coalesce(sum(CASE WHEN c.code = 'payout_in_transit' THEN -m.amount_minor ELSE m.amount_minor END)
          FILTER (WHERE m.key LIKE '%:failed'), 0)::bigint AS reversed
      FROM payout_line l
      JOIN movement m ON m.key IN ('payout:' || p.id || ':' || l.booking_id, 'payout:' || p.id || ':' || l.booking_id || ':failed')
      JOIN ledger_account c ON c.id = m.credit_id
      WHERE l.payout_id = p.id) AS lines
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(CASE WHEN c.code = 'provider_clearing' THEN m.amount_minor ELSE -m.amount_minor END), 0)::bigint AS paid
      FROM movement m JOIN ledger_account c ON c.id = m.credit_id
      WHERE m.key IN ('payout:' || p.id || ':paid', 'payout:' || p.id || ':returned')) AS provider
    CROSS JOIN LATERAL (VALUES
      ('sent', p.amount_minor, lines.sent),
      ('reversed', CASE WHEN p.status = 'failed' THEN p.amount_minor ELSE 0 END, lines.reversed),
      ('paid', CASE WHEN p.status = 'paid' THEN p.amount_minor ELSE 0 END, provider.paid)
    ) AS x (what, expected, found) WHERE x.expected <> x.found LIMIT 1000`);
}

/** Hosts whose account of money in transit differs from their payouts in transit. At most 1,000 rows. */
export function inTransitDifferences(em: EntityManager): Promise<HostAmount[]> {
  return em.execute<HostAmount[]>(sql`
    WITH posted AS (
      SELECT a.owner_id, a.currency,
        sum(CASE WHEN a.id = m.credit_id THEN m.amount_minor ELSE -m.amount_minor END)::bigint AS net
      FROM ledger_account a JOIN movement m ON a.id IN (m.debit_id, m.credit_id)
      WHERE a.code = 'payout_in_transit' GROUP BY a.owner_id, a.currency),
    sent AS (SELECT host_id, currency, amount_minor FROM payout WHERE status = 'in_transit')
    SELECT l.owner_id AS host_id, l.currency, coalesce(s.amount_minor, 0) AS expected, l.net AS found
    FROM posted l LEFT JOIN sent s ON s.host_id = l.owner_id AND s.currency = l.currency
    WHERE l.net <> coalesce(s.amount_minor, 0) LIMIT 1000`);
}

/**
 * Bookings for which their host was paid more than they ever earned. A refund that failed returns what it had taken: that
 * is not earned again. At most 1,000 rows.
 */
export function overpaidBookings(em: EntityManager): Promise<(HostAmount & { booking_id: string })[]> {
  return em.execute<(HostAmount & { booking_id: string })[]>(sql`
    WITH posted AS (
      SELECT a.owner_id AS host_id, a.currency, m.booking_id, m.amount_minor, m.key LIKE 'refund:%:failed' AS is_returned,
        a.id = m.debit_id AS is_debit, other.code = 'payout_in_transit' AS is_payout
      FROM ledger_account a JOIN movement m ON a.id IN (m.debit_id, m.credit_id)
      JOIN ledger_account other ON other.id = CASE WHEN a.id = m.debit_id THEN m.credit_id ELSE m.debit_id END
      WHERE a.code = 'host_payable' AND m.booking_id IS NOT NULL),
    totals AS (
      SELECT host_id, currency, booking_id,
        coalesce(sum(amount_minor) FILTER (WHERE NOT is_payout AND NOT is_debit AND NOT is_returned), 0)::bigint AS earned,
        coalesce(sum(CASE WHEN is_debit THEN amount_minor ELSE -amount_minor END)
          FILTER (WHERE is_payout), 0)::bigint AS paid
      FROM posted GROUP BY host_id, currency, booking_id)
    SELECT host_id, currency, booking_id, earned AS expected, paid AS found FROM totals WHERE paid > earned LIMIT 1000`);
}

interface StuckPayout {
  id: string;
  provider_ref: string | null;
  currency: string;
  amount: number;
  what: string;
}

/**
 * Payouts without an answer of their provider since `unansweredSince`, in transit since `pendingSince`, or failed several
 * times in a row. At most 1,000 rows.
 */
export function stuckPayouts(
  em: EntityManager,
  since: { unanswered: Date; pending: Date; failures: number },
): Promise<StuckPayout[]> {
  return em.execute<StuckPayout[]>(sql`
    SELECT id, provider_ref, currency, amount_minor AS amount, 'The provider has not answered' AS what FROM payout
      WHERE status = 'in_transit' AND provider_ref IS NULL AND started_at < ${since.unanswered}
    UNION ALL
    SELECT id, provider_ref, currency, amount_minor, 'The transfer is pending for days' FROM payout
      WHERE status = 'in_transit' AND provider_ref IS NOT NULL AND started_at < ${since.pending}
    UNION ALL
    SELECT id, provider_ref, currency, amount_minor, 'The payout has failed several times: ' || failure_code FROM payout p
      WHERE status = 'failed' AND attempt >= ${since.failures}
        AND NOT EXISTS (SELECT FROM payout n WHERE n.host_id = p.host_id AND n.currency = p.currency AND n.id > p.id)
    LIMIT 1000`);
}

export interface StoredPayout {
  id: string;
  provider_ref: string | null;
  status: 'in_transit' | 'paid' | 'failed';
  amount_minor: number;
  currency: string;
  /** Of the account that it goes to; encrypted. */
  reference: string;
}

/** The payouts with these ids or references at a provider. */
export function payoutsOfTransfers(
  em: EntityManager,
  provider: string,
  { ids, refs }: { ids: readonly string[]; refs: readonly string[] },
): Promise<StoredPayout[]> {
  return em.execute<StoredPayout[]>(sql`
    SELECT p.id, p.provider_ref, p.status, p.amount_minor, p.currency, a.reference
    FROM payout p JOIN payout_account a ON a.id = p.account_id
    WHERE p.provider = ${provider} AND (p.id = ANY(ARRAY[${[...ids]}]::uuid[]) OR p.provider_ref = ANY(ARRAY[${[...refs]}]::text[]))`);
}

export type PaidPayout = Omit<StoredPayout, 'reference' | 'status'> & PageStart;

/** Paid payouts of a provider that were started `since` then (null: all), the oldest first. */
export function paidPayouts(
  em: EntityManager,
  { provider, since }: { provider: string; since: Date | null },
  after: PageStart | null,
  limit: number,
): Promise<PaidPayout[]> {
  return em.execute<PaidPayout[]>(sql`
    SELECT started_at::text AS at, id, provider_ref, amount_minor, currency FROM payout
    WHERE provider = ${provider} AND status = 'paid'
      AND (${since}::timestamptz IS NULL OR started_at >= ${since}::timestamptz)
      AND (${after?.id ?? null}::uuid IS NULL
        OR (started_at, id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY started_at, id LIMIT ${limit}`);
}
