import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { DifferenceKind } from './reconciliation.dto.js';

type BookingDifferenceKind = Extract<
  DifferenceKind,
  | 'booking.confirmed_unpaid'
  | 'booking.ended_but_captured'
  | 'booking.undecided'
  | 'refund.refused'
  | 'refund.unpaid'
>;

interface BookingDifference {
  id: string;
  provider_ref: string | null;
  currency: string;
  kind: BookingDifferenceKind;
  expected: number;
  found: number;
  /** Of a failed refund: it had been paid before. */
  returned: boolean;
}

export interface ParkedWebhook {
  provider: string;
  id: string;
  ref: string | null;
  payment_id: string | null;
  park_reason: string;
  reported_minor: number | null;
  reported_currency: string | null;
  amount_minor: number | null;
}

interface StuckWork {
  kind: Extract<DifferenceKind, 'operation.stuck' | 'webhook.stuck'>;
  payment_id: string | null;
  what: string;
}

/** Payments that contradict the state of their booking, and rejected or overdue refunds. At most 1,000 rows. */
export function bookingContradictions(em: EntityManager, undecidedSince: Date): Promise<BookingDifference[]> {
  return em.execute<BookingDifference[]>(sql`
    SELECT id, provider_ref, currency, 'booking.confirmed_unpaid' AS kind, amount_minor AS expected, captured_minor AS found,
        false AS returned
      FROM payment WHERE confirmed AND goal IN ('pay', 'capture') AND captured_minor = 0
    UNION ALL
    SELECT id, provider_ref, currency, 'booking.ended_but_captured', captured_minor,
        refund_reserved_minor + dispute_lost_minor, false
      FROM payment WHERE goal = 'release' AND release_minor IS NULL AND status <> 'disputed'
        AND captured_minor > refund_reserved_minor + dispute_lost_minor
    UNION ALL
    SELECT id, provider_ref, currency, 'booking.undecided', 0, authorized_minor, false FROM payment
      WHERE goal = 'expire' AND status IN ('authorized', 'captured') AND updated_at < ${undecidedSince}
    UNION ALL
    SELECT p.id, p.provider_ref, p.currency, 'refund.refused', r.amount_minor - r.offset_minor, 0,
        r.paid_at IS NOT NULL
      FROM refund r JOIN payment p ON p.id = r.payment_id
      WHERE r.status = 'failed' AND r.offset_minor < r.amount_minor
        -- a dispute repeats the refunds that it prevented, unless the rest of the payment was refunded in the meantime
        AND (r.failure_code IS DISTINCT FROM 'charge_disputed'
          OR p.captured_minor > p.refund_reserved_minor + p.disputed_minor + p.dispute_lost_minor
          AND NOT EXISTS (SELECT FROM deferred_refund w
            WHERE w.payment_id = r.payment_id AND w.cause = r.cause || '/retry'))
        AND NOT EXISTS (SELECT FROM refund n WHERE n.payment_id = r.payment_id AND n.cause = r.cause || '/retry')
    UNION ALL
    SELECT p.id, p.provider_ref, p.currency, 'refund.unpaid', r.amount_minor, 0, false
      FROM refund r JOIN payment p ON p.id = r.payment_id WHERE r.status = 'pending' AND r.provider_ref IS NOT NULL
        AND r.created_at < ${undecidedSince}::timestamptz - interval '7 days'
    LIMIT 1000`);
}

/** Where a page begins. As text: a Date has no microseconds. */
export interface PageStart {
  at: string;
  id: string;
}

export interface CapturedPayment extends PageStart {
  providerRef: string;
  currency: string;
  capturedMinor: number;
}

/** Captured payments of a provider that were created `since` then (null: all), the oldest first. */
export function capturedPayments(
  em: EntityManager,
  { provider, since }: { provider: string; since: Date | null },
  after: PageStart | null,
  limit: number,
): Promise<CapturedPayment[]> {
  return em.execute<CapturedPayment[]>(sql`
    SELECT created_at::text AS at, id, provider_ref AS "providerRef", currency, captured_minor AS "capturedMinor" FROM payment
    WHERE provider = ${provider} AND provider_ref IS NOT NULL AND captured_minor > 0
      AND (${since}::timestamptz IS NULL OR created_at >= ${since}::timestamptz)
      AND (${after?.id ?? null}::uuid IS NULL
        OR (created_at, id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY created_at, id LIMIT ${limit}`);
}

/** Operations and webhooks that are unfinished since then. At most 1,000 rows. */
export function stuckWork(em: EntityManager, since: Date): Promise<StuckWork[]> {
  return em.execute<StuckWork[]>(sql`
    SELECT 'operation.stuck' AS kind, payment_id, kind AS what FROM payment_operation
      WHERE status = 'pending' AND created_at < ${since}
    UNION ALL
    SELECT 'webhook.stuck', payment_id, type FROM webhook_event WHERE handled_at IS NULL AND received_at < ${since}
    LIMIT 1000`);
}

/** Webhooks that contradict their payment. At most 1,000 rows. */
export function parkedWebhooks(em: EntityManager): Promise<ParkedWebhook[]> {
  return em.execute<ParkedWebhook[]>(sql`
    SELECT w.provider, w.id, w.ref, p.id AS payment_id, w.park_reason,
      coalesce(w.reported_minor, w.reported_refund_minor) AS reported_minor, w.reported_currency,
      CASE WHEN w.reported_refund_minor IS NULL THEN p.amount_minor END AS amount_minor
    FROM webhook_event w LEFT JOIN payment p ON p.id = w.payment_id
    WHERE w.outcome = 'parked' ORDER BY w.received_at LIMIT 1000`);
}

interface MoneyAtProvider {
  provider: string;
  currency: string;
  count: number;
  found: number;
}

/** The unfinished and captured payments and the payouts in transit at providers that are not `enabled`. */
export function moneyAtOtherProviders(
  em: EntityManager,
  enabled: readonly string[],
): Promise<MoneyAtProvider[]> {
  return em.execute<MoneyAtProvider[]>(sql`
    SELECT provider, currency, count(*)::int AS count, sum(amount_minor)::bigint AS found FROM (
      SELECT provider, currency, captured_minor - refunded_minor AS amount_minor FROM payment
        WHERE status NOT IN ('voided', 'failed', 'refunded')
      UNION ALL
      SELECT provider, currency, amount_minor FROM payout WHERE status = 'in_transit') money
    WHERE provider <> ALL(ARRAY[${enabled}]::text[]) GROUP BY 1, 2`);
}

export async function countMovements(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(sql`SELECT count(*)::bigint AS count FROM movement`);
  return row?.count ?? 0;
}
