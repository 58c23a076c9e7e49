import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { isOwed } from '../payment/refund.queries.js';
import type { FrozenReason, HostBooking } from './domain/payout-plan.js';

export interface HostCurrency {
  hostId: string;
  currency: string;
}

export interface PayoutTermsOfBooking extends HostCurrency {
  bookingId: string;
  checkInDate: string;
  checkOutDate: string;
  timeZone: string;
  firstDueAt: string;
  cancelled: boolean;
}

interface HostBookingRow {
  booking_id: string;
  balance: number;
  check_in_date: string | null;
  check_out_date: string;
  time_zone: string;
  first_due_at: Date;
  cancelled: boolean;
  paid_instalments: number;
  frozen: FrozenReason | null;
}

/** Stores the terms of a confirmed, changed or cancelled booking, and has its payout computed again. */
export async function storePayoutTerms(em: EntityManager, terms: PayoutTermsOfBooking): Promise<void> {
  const { bookingId, hostId, currency, checkInDate, checkOutDate, timeZone, firstDueAt, cancelled } = terms;
  await em.execute(sql`
    INSERT INTO payout_booking AS stored (booking_id, host_id, currency, check_in_date, check_out_date, time_zone,
      first_due_at, cancelled, check_at)
    VALUES (${bookingId}, ${hostId}, ${currency}, ${checkInDate}, ${checkOutDate}, ${timeZone}, ${firstDueAt},
      ${cancelled}, ${firstDueAt})
    ON CONFLICT (booking_id) DO UPDATE SET check_in_date = excluded.check_in_date,
      check_out_date = excluded.check_out_date, first_due_at = excluded.first_due_at,
      cancelled = excluded.cancelled, check_at = excluded.check_at
    WHERE NOT stored.cancelled`);
}

/** Hosts with a usable account and a booking to look at, without a payout in transit or waiting for its retry. */
export function hostsToPay(
  em: EntityManager,
  now: Date,
  after: HostCurrency | null,
  limit: number,
): Promise<HostCurrency[]> {
  const page = after ? sql`AND (b.host_id, b.currency) > (${after.hostId}::uuid, ${after.currency})` : sql``;
  return em.execute<HostCurrency[]>(sql`
    SELECT b.host_id AS "hostId", b.currency FROM payout_booking b
    JOIN payout_account a ON a.host_id = b.host_id AND a.currency = b.currency AND a.replaced_at IS NULL
    WHERE b.check_at <= ${now} AND a.usable_at <= ${now} ${page}
      AND NOT EXISTS (SELECT FROM payout p WHERE p.host_id = a.host_id AND p.currency = a.currency
        AND (p.status = 'in_transit' OR (p.account_id = a.id AND p.retry_at > ${now})))
    GROUP BY b.host_id, b.currency ORDER BY b.host_id, b.currency LIMIT ${limit}`);
}

/** Every booking whose ledger balance of the host is not zero. `otherMinor`: the balance that belongs to no booking. */
export async function hostBalances(
  em: EntityManager,
  { hostId, currency }: HostCurrency,
): Promise<{ bookings: HostBooking[]; otherMinor: number }> {
  const rows = await em.execute<(HostBookingRow | (HostBookingRow & { booking_id: null }))[]>(sql`
    WITH account AS (
      SELECT id FROM ledger_account WHERE code = 'host_payable' AND owner_id = ${hostId} AND currency = ${currency}),
    posted AS (
      SELECT m.booking_id, m.amount_minor AS amount FROM movement m JOIN account a ON m.credit_id = a.id
      UNION ALL
      SELECT m.booking_id, -m.amount_minor FROM movement m JOIN account a ON m.debit_id = a.id),
    balance AS (
      SELECT booking_id, sum(amount)::bigint AS balance FROM posted GROUP BY booking_id HAVING sum(amount) <> 0)
    SELECT l.booking_id, l.balance, b.check_in_date::text, b.check_out_date::text, b.time_zone, b.first_due_at, b.cancelled,
      coalesce((SELECT max(x.instalment) FROM payout_line x JOIN payout p ON p.id = x.payout_id
        WHERE x.booking_id = l.booking_id AND p.status <> 'failed'), 0) AS paid_instalments,
      CASE
        WHEN EXISTS (SELECT FROM dispute d JOIN payment p ON p.id = d.payment_id
          WHERE p.booking_id = l.booking_id AND d.closed_at IS NULL) THEN 'dispute_open'
        WHEN EXISTS (SELECT FROM deferred_refund r JOIN payment p ON p.id = r.payment_id
          WHERE p.booking_id = l.booking_id) THEN 'refund_open'
        WHEN EXISTS (SELECT FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.booking_id = l.booking_id AND ${isOwed})
          THEN 'refund_open'
      END AS frozen
    FROM balance l LEFT JOIN payout_booking b ON b.booking_id = l.booking_id`);
  return {
    bookings: rows.filter((row) => row.booking_id !== null).map(toHostBooking),
    otherMinor: rows.find((row) => row.booking_id === null)?.balance ?? 0,
  };
}

/** The bookings of a host that are to be looked at now. */
export async function bookingsToCheck(
  em: EntityManager,
  { hostId, currency }: HostCurrency,
  now: Date,
): Promise<HostBooking[]> {
  const rows = await em.execute<HostBookingRow[]>(sql`
    SELECT booking_id, 0 AS balance, check_in_date::text, check_out_date::text, time_zone, first_due_at, cancelled,
      0 AS paid_instalments, NULL AS frozen
    FROM payout_booking WHERE host_id = ${hostId} AND currency = ${currency} AND check_at <= ${now}`);
  return rows.map(toHostBooking);
}

export async function setNextChecks(
  em: EntityManager,
  checks: readonly { bookingId: string; checkAt: Date | null }[],
): Promise<void> {
  if (checks.length === 0) return;
  const rows = checks.map(({ bookingId, checkAt }) => ({ booking_id: bookingId, check_at: checkAt }));
  await em.execute(sql`
    UPDATE payout_booking b SET check_at = x.check_at
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS x (booking_id uuid, check_at timestamptz)
    WHERE b.booking_id = x.booking_id`);
}

/** Has the bookings of a payout looked at again. */
export async function checkAgain(em: EntityManager, payoutId: string, now: Date): Promise<void> {
  await em.execute(sql`
    UPDATE payout_booking b SET check_at = ${now} FROM payout_line l
    WHERE l.payout_id = ${payoutId} AND b.booking_id = l.booking_id`);
}

function toHostBooking(row: HostBookingRow): HostBooking {
  const { check_in_date: checkInDate, check_out_date: checkOutDate } = row;
  return {
    bookingId: row.booking_id,
    balanceMinor: row.balance,
    terms:
      checkInDate === null
        ? null
        : {
            checkInDate,
            checkOutDate,
            timeZone: row.time_zone,
            firstDueAt: row.first_due_at,
            cancelled: row.cancelled,
          },
    paidInstalments: row.paid_instalments,
    frozen: row.frozen,
  };
}
