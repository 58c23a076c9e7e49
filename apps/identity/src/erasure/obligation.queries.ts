import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** What prevents the erasure of an account. The id is that of the booking, the payout or the user. */
export interface Obligation {
  kind: 'booking' | 'payout' | 'stay-without-payout' | 'last-administrator';
  id: string;
}

/** As many as a response lists. */
const LIMIT = 100;
/** A stay whose payout is unknown here was paid before payouts were mirrored, or has none that is ever due. */
const PAYOUT_EXPECTED_DAYS = 30;
/** A stay of this length is paid in instalments; the last one is due within days of the check-out. */
const INSTALMENT_NIGHTS = 28;
const LAST_INSTALMENT_DAYS = 5;

/**
 * The live bookings of a guest or host, and the payouts that a host has not received: scheduled and failed ones without a
 * later paid one of their currency, and those of completed stays, and of cancelled ones with a kept share, that are not
 * scheduled yet.
 */
export function findObligations(em: EntityManager, userId: string, now: Date): Promise<Obligation[]> {
  return em.execute<Obligation[]>(sql`
    SELECT 'booking' AS kind, booking_id AS id FROM stay
    WHERE (guest_id = ${userId} OR host_id = ${userId})
      AND state NOT IN ('completed', 'cancelled', 'declined', 'expired')
    UNION ALL
    SELECT 'payout', payout_id FROM payout p
    WHERE host_id = ${userId} AND status <> 'paid' AND NOT EXISTS (
      SELECT FROM payout later WHERE later.host_id = p.host_id AND later.currency = p.currency
        AND later.payout_id > p.payout_id AND later.status = 'paid')
    UNION ALL
    SELECT 'stay-without-payout', booking_id FROM stay s
    WHERE host_id = ${userId} AND state IN ('completed', 'cancelled') AND host_payout_minor > 0
      AND check_out_at > ${now}::timestamptz - make_interval(days => ${PAYOUT_EXPECTED_DAYS})
      AND (NOT EXISTS (SELECT FROM payout p WHERE p.host_id = s.host_id AND s.booking_id = ANY (p.booking_ids))
        OR (check_out_date - check_in_date >= ${INSTALMENT_NIGHTS}
          AND check_out_at > ${now}::timestamptz - make_interval(days => ${LAST_INSTALMENT_DAYS})))
    LIMIT ${LIMIT}`);
}

/** Locks the active administrators, so that two of them can't erase themselves at once, and returns their ids. */
export async function lockAdministrators(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM user_account WHERE 'admin' = ANY (roles) AND status = 'active' ORDER BY id FOR UPDATE`);
  return rows.map(({ id }) => id);
}
