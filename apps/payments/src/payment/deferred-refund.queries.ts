import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Split } from '../ledger/domain/posting.js';
import { causeOfRetry, pauseSeconds } from './domain/refund-due.js';

/** A refund that waits until the payment is no longer disputed. */
export interface DeferredRefund {
  paymentId: string;
  cause: string;
  reason: string;
  note: string | null;
  requestedBy: string | null;
  amountMinor: number;
  retained: Split | null;
}

/** Stores a refund that waits; the same cause waits once. Recovery resumes it after a pause if its payment is not disputed. */
export async function insertDeferredRefund(
  em: EntityManager,
  refund: DeferredRefund,
  now: Date,
): Promise<void> {
  const { paymentId, cause, reason, note, requestedBy, amountMinor, retained } = refund;
  await em.execute(sql`
    INSERT INTO deferred_refund (payment_id, cause, reason, note, requested_by, amount_minor, retained, created_at, retry_at)
    VALUES (${paymentId}, ${cause}, ${reason}, ${note}, ${requestedBy}, ${amountMinor},
      ${retained === null ? null : JSON.stringify(retained)}::jsonb, ${now},
      clock_timestamp() + ${pauseSeconds(cause)} * interval '1 second')
    ON CONFLICT (payment_id, cause) DO NOTHING`);
}

/** Removes the waiting refunds of a payment and returns them, oldest first. */
export function takeDeferredRefunds(em: EntityManager, paymentId: string): Promise<DeferredRefund[]> {
  return em.execute<DeferredRefund[]>(sql`
    WITH taken AS (DELETE FROM deferred_refund WHERE payment_id = ${paymentId} RETURNING *)
    SELECT payment_id AS "paymentId", cause, reason, note, requested_by AS "requestedBy", amount_minor AS "amountMinor",
      retained FROM taken ORDER BY created_at, cause`);
}

/** The number and the sum of a payment's waiting refunds: of all, or of those for `cause` and its repetitions. */
export async function deferredRefunds(
  em: EntityManager,
  paymentId: string,
  cause: string | null,
): Promise<{ count: number; totalMinor: number }> {
  const rows = await em.execute<{ count: number; totalMinor: number }[]>(sql`
    SELECT count(*)::int AS count, coalesce(sum(amount_minor), 0)::bigint AS "totalMinor" FROM deferred_refund
    WHERE payment_id = ${paymentId} AND (${cause}::text IS NULL OR cause = ${cause}
      OR starts_with(cause, ${cause === null ? null : causeOfRetry(cause)}))`);
  return rows[0] ?? { count: 0, totalMinor: 0 };
}

/** The payments with a waiting refund although they are not disputed, whose retry is due. */
export async function resumablePayments(em: EntityManager, limit: number): Promise<string[]> {
  const rows = await em.execute<{ payment_id: string }[]>(sql`
    SELECT DISTINCT d.payment_id FROM deferred_refund d JOIN payment p ON p.id = d.payment_id
    WHERE d.retry_at <= clock_timestamp() AND p.status <> 'disputed' LIMIT ${limit}`);
  return rows.map((row) => row.payment_id);
}
