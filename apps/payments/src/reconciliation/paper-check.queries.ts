import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface PaperDifference {
  payment_id: string | null;
  currency: string | null;
  what: string;
  expected: number | null;
  found: number | null;
}

/**
 * Captured payments and paid or returned refunds whose receipts, credit or debit notes are missing or differ in amount, papers without a
 * number, and legal entities whose numbers have a gap that no restore explains. At most 1,000 rows. `unnumberedSince` is in system time.
 */
export function paperDifferences(em: EntityManager, unnumberedSince: Date): Promise<PaperDifference[]> {
  return em.execute<PaperDifference[]>(sql`
    WITH issued AS (
      SELECT payment_id, coalesce(sum(amount_minor) FILTER (WHERE kind = 'receipt'), 0)::bigint AS receipts,
        (coalesce(sum(amount_minor) FILTER (WHERE kind = 'credit_note'), 0)
          - coalesce(sum(amount_minor) FILTER (WHERE kind = 'debit_note'), 0))::bigint AS credit_notes
      FROM (
        SELECT coalesce(n.payment_id, r.payment_id) AS payment_id, n.kind, n.amount_minor
        FROM paper n LEFT JOIN refund r ON n.payment_id IS NULL AND r.id = n.refund_id) each
      GROUP BY payment_id)
    SELECT p.id AS payment_id, p.currency, x.what, x.expected, x.found
      FROM payment p LEFT JOIN issued i ON i.payment_id = p.id
      CROSS JOIN LATERAL (VALUES
        ('the receipt of the captured amount', p.captured_minor, coalesce(i.receipts, 0)),
        ('the credit notes, less the debit notes, of the refunded amount', p.refunded_minor, coalesce(i.credit_notes, 0))
      ) AS x (what, expected, found) WHERE x.expected <> x.found
    UNION ALL
    SELECT payment_id, currency, 'the number of a paper', NULL, NULL
      FROM paper WHERE number IS NULL AND recorded_at < ${unnumberedSince}
    UNION ALL
    SELECT NULL, NULL, 'the numbers of the legal entity ' || legal_entity || ' up to ' || max(last), max(last), sum(numbered)::bigint
      FROM (
        SELECT legal_entity, last_number AS last, 0 AS numbered FROM paper_counter
        UNION ALL
        SELECT legal_entity, max(number), count(*) FROM paper WHERE number IS NOT NULL GROUP BY legal_entity
        UNION ALL
        SELECT legal_entity, max(last_number), sum(last_number - first_number + 1) FROM paper_gap GROUP BY legal_entity
      ) counted GROUP BY legal_entity HAVING max(last) <> sum(numbered)
    LIMIT 1000`);
}
