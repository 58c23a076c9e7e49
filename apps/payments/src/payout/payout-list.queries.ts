import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { HostCurrency } from './payout-booking.queries.js';
import type { PayoutWithLines } from './payout.dto.js';
import { linesOf, type Payout, payoutColumns } from './payout.queries.js';

export interface PayoutFilter {
  hostId?: string | undefined;
  currency?: string | undefined;
  status?: string | undefined;
  bookingIds?: readonly string[] | undefined;
  /** The id of the last payout of the previous page. */
  before: string | null;
  limit: number;
}

/** Newest first. */
export async function listPayouts(em: EntityManager, filter: PayoutFilter): Promise<PayoutWithLines[]> {
  const { hostId = null, currency = null, status = null, bookingIds, before, limit } = filter;
  const ofBookings = bookingIds
    ? sql`AND EXISTS (SELECT FROM payout_line l WHERE l.payout_id = p.id
        AND l.booking_id = ANY(ARRAY[${[...bookingIds]}]::uuid[]))`
    : sql``;
  const payouts = await em.execute<Payout[]>(sql`
    SELECT ${payoutColumns()} FROM payout p
    WHERE (${hostId}::uuid IS NULL OR p.host_id = ${hostId}::uuid)
      AND (${currency}::text IS NULL OR p.currency = ${currency})
      AND (${status}::text IS NULL OR p.status = ${status})
      AND (${before}::uuid IS NULL OR p.id < ${before}::uuid) ${ofBookings}
    ORDER BY p.id DESC LIMIT ${limit}`);
  return withLines(em, payouts);
}

export async function withLines(em: EntityManager, payouts: readonly Payout[]): Promise<PayoutWithLines[]> {
  if (payouts.length === 0) return [];
  const lines = await linesOf(
    em,
    payouts.map(({ id }) => id),
  );
  const byPayout = Map.groupBy(lines, ({ payoutId }) => payoutId);
  return payouts.map((payout) => ({ ...payout, lines: byPayout.get(payout.id) ?? [] }));
}

/** The currencies in which the ledger has an account of the host. */
export function currenciesOf(em: EntityManager, hostId: string): Promise<HostCurrency[]> {
  return em.execute<HostCurrency[]>(sql`
    SELECT owner_id AS "hostId", currency FROM ledger_account
    WHERE code = 'host_payable' AND owner_id = ${hostId} ORDER BY currency`);
}
