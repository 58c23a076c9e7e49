import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody, UserEvent } from '@roost/contracts';
import { mirror } from '@roost/messaging';
import type { PaperLine } from './domain/paper-lines.js';

export interface PaidStay {
  /** The booking, or the change of a booking. */
  id: string;
  listingId: string;
  checkInDate: string;
  checkOutDate: string;
  lines: readonly PaperLine[];
  hostFeeMinor: number | null;
}

/** Stores what a payment pays for, with the title and the country of the listing as they are now. It never changes. */
export async function insertPaidStay(em: EntityManager, stay: PaidStay): Promise<void> {
  await em.execute(sql`
    INSERT INTO paid_stay (id, listing_id, listing_title, country_code, check_in_date, check_out_date, lines, host_fee_minor)
    SELECT ${stay.id}::uuid, ${stay.listingId}::uuid, l.title, l.country_code, ${stay.checkInDate}::date,
      ${stay.checkOutDate}::date, ${JSON.stringify(stay.lines)}::jsonb, ${stay.hostFeeMinor}::bigint
    FROM (SELECT) one LEFT JOIN listing_name l ON l.listing_id = ${stay.listingId}::uuid
    ON CONFLICT (id) DO NOTHING`);
}

export async function mirrorListingName(
  em: EntityManager,
  { listingId, title, countryCode }: EventBody<'listing.changed'>,
  version: number,
): Promise<void> {
  await mirror(em, {
    table: 'listing_name',
    key: { listing_id: listingId },
    version,
    values: { title, country_code: countryCode },
  });
}

/** Stores the public name of a user. Erased users have none. */
export async function mirrorPartyName(
  em: EntityManager,
  { userId, status, displayName }: EventBody<UserEvent>,
  version: number,
): Promise<void> {
  await mirror(em, {
    table: 'party_name',
    key: { user_id: userId },
    version,
    values: { display_name: status === 'erased' ? null : displayName },
  });
}

export async function erasePartyName(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`
    UPDATE party_name SET display_name = NULL WHERE user_id = ${userId} AND display_name IS NOT NULL`);
}
