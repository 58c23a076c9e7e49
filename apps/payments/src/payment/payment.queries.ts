import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { Payment } from './payment.entity.js';

/** Whether a payment is shown with its booking: it exists at its provider, where it can be confirmed, or never will. */
export const isListed = ({ providerRef, status }: Payment): boolean =>
  providerRef !== null || status === 'voided' || status === 'failed';

interface Viewer {
  id: string;
  roles: readonly string[];
}

/**
 * The payment of a booking for its guest or an admin: the due one, otherwise the newest. Null until it exists at the
 * provider.
 */
export async function currentPayment(
  em: EntityManager,
  bookingId: string,
  viewer: Viewer,
): Promise<Payment | null> {
  const [payment] = await currentPayments(em, [bookingId], viewer);
  return payment ?? null;
}

/** As `currentPayment`, for several bookings in their order. */
export async function currentPayments(
  em: EntityManager,
  bookingIds: readonly string[],
  viewer: Viewer,
): Promise<(Payment | null)[]> {
  const own = viewer.roles.includes('admin') ? {} : { guestId: viewer.id };
  const payments = await em.find(
    Payment,
    { bookingId: { $in: [...bookingIds] }, ...own },
    { orderBy: { createdAt: 'desc', id: 'desc' } },
  );
  const visible = Map.groupBy(payments.filter(isListed), (payment) => payment.bookingId);
  return bookingIds.map((id) => {
    const own = visible.get(id) ?? [];
    const due = own.find(({ status }) => ['requires_payment_method', 'requires_action'].includes(status));
    return due ?? own[0] ?? null;
  });
}

/** All payments of a booking for its guest, its host or an admin, oldest first, with those that are not listed yet. */
export function paymentsOfBooking(em: EntityManager, bookingId: string, viewer: Viewer): Promise<Payment[]> {
  return em.find(Payment, { bookingId, ...visibleTo(viewer) }, { orderBy: { createdAt: 'asc', id: 'asc' } });
}

/** The payment if the viewer is its guest, its host or an admin. */
export function visiblePayment(em: EntityManager, id: string, viewer: Viewer): Promise<Payment | null> {
  return em.findOne(Payment, { id, ...visibleTo(viewer) });
}

const visibleTo = ({ id, roles }: Viewer) =>
  roles.includes('admin') ? {} : { $or: [{ guestId: id }, { hostId: id }] };

/**
 * Claims payments whose check at the provider is due, because a webhook may be lost: unfinished ones, ended ones of
 * providers whose guests can still pay, and those with a refund that the provider has accepted and not paid yet. A claim sets
 * the time of the next check, so payments whose check fails do not block the others.
 */
export async function claimStalePayments(
  em: EntityManager,
  limit: number,
  scope: {
    intervalSeconds: number;
    providers: readonly string[];
    late: readonly string[];
    endedSince: Date;
  },
): Promise<Payment[]> {
  const enabled = sql`provider = ANY(ARRAY[${[...scope.providers]}]::text[])`;
  const rows = await em.execute<{ id: string }[]>(sql`
    WITH due AS (
      SELECT id, check_at FROM payment WHERE check_at <= clock_timestamp() AND provider_ref IS NOT NULL
        AND status IN ('requires_payment_method', 'requires_action', 'processing', 'authorized') AND ${enabled}
      UNION
      SELECT id, check_at FROM payment WHERE check_at <= clock_timestamp() AND provider_ref IS NOT NULL
        AND status IN ('voided', 'failed') AND updated_at > ${scope.endedSince}
        AND provider = ANY(ARRAY[${[...scope.late]}]::text[])
      UNION
      SELECT p.id, p.check_at FROM refund r JOIN payment p ON p.id = r.payment_id
        WHERE r.status = 'pending' AND r.provider_ref IS NOT NULL AND p.check_at <= clock_timestamp() AND ${enabled}
      ORDER BY check_at LIMIT ${limit}),
    claimed AS (
      SELECT id FROM payment WHERE id IN (SELECT id FROM due) AND check_at <= clock_timestamp()
      FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE payment p SET check_at = clock_timestamp() + ${scope.intervalSeconds} * interval '1 second'
    FROM claimed WHERE p.id = claimed.id RETURNING p.id`);
  return em.find(Payment, { id: { $in: rows.map((row) => row.id) } });
}

/**
 * Claims the payments of refunds whose daily check is due: the guest's bank may return a paid one. A refund that was paid
 * before `paidSince` is not checked any more. Apart from the check of the payment, which disputes postpone.
 */
export async function claimRefundChecks(
  em: EntityManager,
  limit: number,
  { providers, paidSince }: { providers: readonly string[]; paidSince: Date },
): Promise<Payment[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    WITH due AS (
      SELECT r.id FROM refund r JOIN payment p ON p.id = r.payment_id
      WHERE r.check_at <= clock_timestamp() AND r.status <> 'failed' AND r.provider_ref IS NOT NULL
        AND (p.provider = ANY(ARRAY[${[...providers]}]::text[]) OR r.finished_at <= ${paidSince})
      ORDER BY r.check_at LIMIT ${limit} FOR NO KEY UPDATE OF r SKIP LOCKED),
    claimed AS (
      UPDATE refund r
      SET check_at = CASE WHEN r.finished_at <= ${paidSince} THEN NULL ELSE clock_timestamp() + interval '1 day' END
      FROM due WHERE r.id = due.id RETURNING r.payment_id, r.check_at)
    SELECT DISTINCT payment_id AS id FROM claimed WHERE check_at IS NOT NULL`);
  return em.find(Payment, { id: { $in: rows.map((row) => row.id) } });
}

/** Sets the time of the next check at the provider. The payment's version stays the same. */
export async function postponeProviderCheck(
  em: EntityManager,
  paymentId: string,
  until: Date,
): Promise<void> {
  await em.execute(sql`UPDATE payment SET check_at = ${until} WHERE id = ${paymentId}`);
}

/** Locks a payment before its operations. Every transaction takes the two locks in this order, which prevents deadlocks. */
export async function lockPayment(em: EntityManager, paymentId: string): Promise<void> {
  await em.execute(sql`SELECT FROM payment WHERE id = ${paymentId} FOR NO KEY UPDATE`);
}

/**
 * Deletes what the provider returned to pay, and how the guest paid: not while one of their operations is pending. Returns
 * whether nothing is left.
 */
export async function erasePaymentSecrets(em: EntityManager, guestId: string): Promise<boolean> {
  await em.execute(sql`
    UPDATE payment SET client_secret = NULL, redirect_url = NULL
    WHERE guest_id = ${guestId} AND num_nonnulls(client_secret, redirect_url) > 0`);
  const isOfGuest = sql`payment_id IN (SELECT id FROM payment WHERE guest_id = ${guestId})
    AND num_nonnulls(payment_method, return_url) > 0`;
  await em.execute(sql`
    UPDATE payment_operation SET payment_method = NULL, return_url = NULL WHERE ${isOfGuest} AND status <> 'pending'`);
  const left = await em.execute<object[]>(sql`SELECT FROM payment_operation WHERE ${isOfGuest} LIMIT 1`);
  return left.length === 0;
}
