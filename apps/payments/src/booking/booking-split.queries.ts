import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Split } from '../ledger/domain/posting.js';

export interface BookingSplit {
  bookingId: string;
  currency: string;
  /** Null: the amounts of the event do not add up, so the ledger is not compared. */
  split: Split | null;
  ended: boolean;
}

/** Stores the share of each party in a booking. The shares of an ended booking are final. */
export async function storeBookingSplit(
  em: EntityManager,
  { bookingId, currency, split, ended }: BookingSplit,
): Promise<void> {
  await em.execute(sql`
    INSERT INTO booking_split AS stored (booking_id, currency, host_minor, platform_minor, tax_minor, ended)
    VALUES (${bookingId}, ${currency}, ${split?.hostMinor ?? null}, ${split?.platformMinor ?? null},
      ${split?.taxMinor ?? null}, ${ended})
    ON CONFLICT (booking_id) DO UPDATE SET host_minor = excluded.host_minor, platform_minor = excluded.platform_minor,
      tax_minor = excluded.tax_minor, ended = excluded.ended
    WHERE NOT stored.ended`);
}
