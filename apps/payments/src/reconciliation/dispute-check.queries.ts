import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { DisputeStatus } from '../dispute/domain/dispute-state.js';

interface RecordedDispute {
  ref: string;
  paymentId: string;
  currency: string;
  status: DisputeStatus;
  amountMinor: number;
}

interface AmountDifference {
  paymentId: string;
  currency: string;
  what: string;
  expected: number;
  found: number;
}

interface OpenDisputeRow {
  id: string;
  paymentId: string;
  bookingId: string;
  providerRef: string;
  status: DisputeStatus;
  currency: string;
  amountMinor: number;
  evidenceDueAt: Date | null;
}

/** The recorded disputes of a provider by their reference. */
export async function recordedDisputes(
  em: EntityManager,
  provider: string,
  refs: readonly string[],
): Promise<Map<string, RecordedDispute>> {
  const rows = await em.execute<RecordedDispute[]>(sql`
    SELECT d.provider_ref AS ref, d.payment_id AS "paymentId", p.currency, d.status, d.amount_minor AS "amountMinor"
    FROM dispute d JOIN payment p ON p.id = d.payment_id
    WHERE p.provider = ${provider} AND d.provider_ref = ANY(ARRAY[${[...refs]}]::text[])`);
  return new Map(rows.map((row) => [row.ref, row]));
}

/** The references of the recorded disputes of a provider that were opened `since` then; null: all. */
export async function recordedRefs(
  em: EntityManager,
  provider: string,
  since: Date | null,
): Promise<string[]> {
  const rows = await em.execute<{ ref: string }[]>(sql`
    SELECT d.provider_ref AS ref FROM dispute d JOIN payment p ON p.id = d.payment_id
    WHERE p.provider = ${provider} AND (${since}::timestamptz IS NULL OR d.opened_at >= ${since}::timestamptz)`);
  return rows.map(({ ref }) => ref);
}

/** The payment with this reference at the provider. */
export async function paymentOfRef(
  em: EntityManager,
  provider: string,
  providerRef: string,
): Promise<string | null> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM payment WHERE provider = ${provider} AND provider_ref = ${providerRef}`);
  return rows[0]?.id ?? null;
}

/** Payments whose disputes differ from their movements or from the amounts of the payment. At most 1,000 rows. */
export function disputeDifferences(em: EntityManager): Promise<AmountDifference[]> {
  return em.execute<AmountDifference[]>(sql`
    WITH disputes AS (
      SELECT payment_id, coalesce(sum(amount_minor) FILTER (WHERE closed_at IS NULL), 0)::bigint AS reserved,
        coalesce(sum(amount_minor - excess_minor) FILTER (WHERE closed_at IS NULL), 0)::bigint AS disputed,
        coalesce(sum(amount_minor) FILTER (WHERE status = 'lost'), 0)::bigint AS deducted,
        coalesce(sum(amount_minor - excess_minor) FILTER (WHERE status = 'lost'), 0)::bigint AS lost
      FROM dispute GROUP BY payment_id),
    posted AS (
      SELECT m.payment_id,
        sum(CASE WHEN d.code = 'dispute_reserve' THEN m.amount_minor ELSE -m.amount_minor END)::bigint AS reserved,
        coalesce(sum(m.amount_minor) FILTER (WHERE c.code = 'dispute_reserve' AND d.code <> 'provider_clearing'), 0)::bigint
          AS deducted
      FROM movement m JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
      WHERE 'dispute_reserve' IN (d.code, c.code) GROUP BY m.payment_id)
    SELECT p.id AS "paymentId", p.currency, x.what, x.expected, x.found FROM payment p
    LEFT JOIN disputes s ON s.payment_id = p.id LEFT JOIN posted l ON l.payment_id = p.id
    CROSS JOIN LATERAL (VALUES
      ('withheld by open disputes', coalesce(s.reserved, 0), coalesce(l.reserved, 0)),
      ('deducted by lost disputes', coalesce(s.deducted, 0), coalesce(l.deducted, 0)),
      ('disputed', coalesce(s.disputed, 0), p.disputed_minor),
      ('lost', coalesce(s.lost, 0), p.dispute_lost_minor)
    ) AS x (what, expected, found)
    WHERE x.expected <> x.found AND (s.payment_id IS NOT NULL OR l.payment_id IS NOT NULL OR p.disputed_minor <> 0
      OR p.dispute_lost_minor <> 0) LIMIT 1000`);
}

/** The open disputes, in the order of their deadlines. At most 1,000 rows. */
export function openDisputes(em: EntityManager): Promise<OpenDisputeRow[]> {
  return em.execute<OpenDisputeRow[]>(sql`
    SELECT d.id, d.payment_id AS "paymentId", p.booking_id AS "bookingId", d.provider_ref AS "providerRef", d.status,
      p.currency, d.amount_minor AS "amountMinor", d.evidence_due_at AS "evidenceDueAt"
    FROM dispute d JOIN payment p ON p.id = d.payment_id WHERE d.closed_at IS NULL
    ORDER BY d.evidence_due_at NULLS LAST, d.id LIMIT 1000`);
}
