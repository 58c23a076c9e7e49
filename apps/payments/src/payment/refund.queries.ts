import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Split } from '../ledger/domain/posting.js';
import type { LostExcess } from './domain/lost-excess.js';
import { causeOfRetry } from './domain/refund-due.js';
import { Refund } from './refund.entity.js';

/**
 * The failed refund `r` is still owed to the guest, and nothing repeats it: one that a dispute prevented waits elsewhere. An
 * operator's refund changes nothing when it is rejected, unless it repeats one that was paid: the guest was told of that.
 */
export const isOwed = sql`
  r.status = 'failed' AND r.offset_minor < r.amount_minor AND r.failure_code IS DISTINCT FROM 'charge_disputed'
  AND (r.cause NOT LIKE 'admin:%' OR EXISTS (SELECT FROM refund e WHERE e.payment_id = r.payment_id
    AND e.paid_at IS NOT NULL AND (e.cause = r.cause OR starts_with(r.cause, e.cause || '/retry'))))
  AND NOT EXISTS (SELECT FROM refund n WHERE n.payment_id = r.payment_id AND n.cause = r.cause || '/retry')`;

/** The refunds of a payment that are still owed although nothing repeats them, oldest first. */
export async function owedRefunds(em: EntityManager, paymentId: string): Promise<Refund[]> {
  await em.flush();
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM refund r WHERE r.payment_id = ${paymentId} AND ${isOwed}`);
  const ids = rows.map(({ id }) => id);
  return em.find(Refund, { id: { $in: ids } }, { orderBy: { createdAt: 'asc', id: 'asc' } });
}

/** Reserves a refund; false if the payment is not captured or all its refunds and disputes together would exceed the capture. */
export async function reserveRefund(
  em: EntityManager,
  paymentId: string,
  amountMinor: number,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE payment
    SET refund_reserved_minor = refund_reserved_minor + ${amountMinor}, version = version + 1, updated_at = ${now}
    WHERE id = ${paymentId} AND status IN ('captured', 'partially_refunded')
      AND refund_reserved_minor + ${amountMinor} <= captured_minor - disputed_minor - dispute_lost_minor
    RETURNING true`);
  return rows.length > 0;
}

/** The share of each party that lost disputes have deducted from a payment. */
export async function lostShares(em: EntityManager, paymentId: string): Promise<Split> {
  const rows = await em.execute<Split[]>(sql`
    SELECT coalesce(sum(host_minor), 0)::bigint AS "hostMinor", coalesce(sum(platform_minor), 0)::bigint AS "platformMinor",
      coalesce(sum(tax_minor), 0)::bigint AS "taxMinor"
    FROM dispute WHERE payment_id = ${paymentId} AND status = 'lost'`);
  return rows[0] ?? { hostMinor: 0, platformMinor: 0, taxMinor: 0 };
}

/** The lost disputes of a payment with an excess, oldest first. */
export function lostExcesses(em: EntityManager, paymentId: string): Promise<LostExcess[]> {
  return em.execute<LostExcess[]>(sql`
    SELECT id AS "disputeId", excess_minor AS "excessMinor" FROM dispute
    WHERE payment_id = ${paymentId} AND status = 'lost' AND excess_minor > 0 ORDER BY opened_at, id`);
}

/** Moves a part of a dispute's excess to the parties. */
export async function addCover(
  em: EntityManager,
  disputeId: string,
  { hostMinor, platformMinor, taxMinor }: Split,
  now: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE dispute
    SET host_minor = host_minor + ${hostMinor}, platform_minor = platform_minor + ${platformMinor},
      tax_minor = tax_minor + ${taxMinor}, excess_minor = excess_minor - ${hostMinor + platformMinor + taxMinor},
      version = version + 1, updated_at = ${now}
    WHERE id = ${disputeId}`);
}

/** The refund is no longer checked at its provider. */
export async function endChecks(em: EntityManager, refundId: string): Promise<void> {
  await em.execute(sql`UPDATE refund SET check_at = NULL WHERE id = ${refundId}`);
}

/** Stores with the failed refund the part of its repetition that the bank has returned. */
export async function storeOffset(
  em: EntityManager,
  repetition: { paymentId: string; cause: string },
  offsetMinor: number,
): Promise<void> {
  if (offsetMinor === 0) return;
  await em.execute(sql`
    UPDATE refund SET offset_minor = offset_minor + ${offsetMinor}
    WHERE payment_id = ${repetition.paymentId} AND status = 'failed' AND cause || ${causeOfRetry('')} = ${repetition.cause}`);
}
