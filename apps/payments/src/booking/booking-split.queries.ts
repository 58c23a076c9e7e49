import type { EntityManager } from '@mikro-orm/postgresql';
import type { Split } from '../ledger/domain/posting.js';

/** Keeps what bookings says each is to have of a booking; its end is said once. */
export async function keepSplit(
  em: EntityManager,
  booking: { bookingId: string; currency: string },
  split: Split | null,
  ended: boolean,
): Promise<void> {
  await em.execute(
    `INSERT INTO booking_split AS known (booking_id, currency, host_minor, platform_minor, tax_minor, ended)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (booking_id) DO UPDATE SET host_minor = excluded.host_minor, platform_minor = excluded.platform_minor,
       tax_minor = excluded.tax_minor, ended = excluded.ended
     WHERE NOT known.ended`,
    [
      booking.bookingId,
      booking.currency,
      split?.hostMinor ?? null,
      split?.platformMinor ?? null,
      split?.taxMinor ?? null,
      ended,
    ],
    'run',
  );
}

/** Who gets what of a booking, as its events call it. */
export const splitOf = (totals: {
  hostPayoutMinor: number;
  platformFeeMinor: number;
  taxMinor: number;
}): Split => ({
  hostMinor: totals.hostPayoutMinor,
  platformMinor: totals.platformFeeMinor,
  taxMinor: totals.taxMinor,
});
