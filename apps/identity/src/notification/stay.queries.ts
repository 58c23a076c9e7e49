import type { EntityManager } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import type { BookingState, Stay } from './domain/notification.js';

export type BookingFacts = EventBody<'booking.created'>;

/** Keeps a booking as its event tells it, and says in which state it was known before; null: it was not. */
export async function rememberStay(
  em: EntityManager,
  body: BookingFacts,
  version: number,
): Promise<BookingState | null> {
  const [known] = await em.execute<{ state: BookingState }[]>(
    'SELECT state FROM stay WHERE booking_id = ? FOR UPDATE',
    [body.bookingId],
  );
  await em.execute(
    `INSERT INTO stay AS mine (booking_id, version, listing_id, host_id, guest_id, state, check_in_date, check_out_date,
       time_zone, check_in_at, check_out_at, guests, currency, total_minor, host_payout_minor)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?)
     ON CONFLICT (booking_id) DO UPDATE SET version = excluded.version, state = excluded.state,
       check_in_date = excluded.check_in_date, check_out_date = excluded.check_out_date,
       check_in_at = excluded.check_in_at, check_out_at = excluded.check_out_at, guests = excluded.guests,
       total_minor = excluded.total_minor, host_payout_minor = excluded.host_payout_minor
     WHERE mine.version <= excluded.version`,
    [
      body.bookingId,
      version,
      body.listingId,
      body.hostId,
      body.guestId,
      body.state,
      body.checkInDate,
      body.checkOutDate,
      body.timeZone,
      body.checkInAt,
      body.checkOutAt,
      JSON.stringify(body.guests),
      body.currency,
      body.totalMinor,
      body.hostPayoutMinor,
    ],
  );
  return known?.state ?? null;
}

export async function findStay(em: EntityManager, bookingId: string): Promise<Stay | null> {
  const [stay] = await em.execute<Stay[]>(
    `SELECT booking_id AS "bookingId", listing_id AS "listingId", host_id AS "hostId", guest_id AS "guestId", state,
       check_in_date AS "checkInDate", check_out_date AS "checkOutDate", time_zone AS "timeZone",
       check_in_at AS "checkInAt", check_out_at AS "checkOutAt", guests, currency, total_minor AS "totalMinor",
       host_payout_minor AS "hostPayoutMinor"
     FROM stay WHERE booking_id = ?`,
    [bookingId],
  );
  return stay ?? null;
}

export interface ListingName {
  title: string;
  city: string | null;
}

/** Each event of a listing is the whole of it: the newest counts, whatever the order they come in. */
export async function rememberListing(
  em: EntityManager,
  listing: ListingName & { listingId: string },
  version: number,
): Promise<void> {
  await em.execute(
    `INSERT INTO listing_name AS mine (listing_id, version, title, city) VALUES (?, ?, ?, ?)
     ON CONFLICT (listing_id) DO UPDATE SET version = excluded.version, title = excluded.title, city = excluded.city
     WHERE mine.version < excluded.version`,
    [listing.listingId, version, listing.title, listing.city],
  );
}

export async function findListing(em: EntityManager, listingId: string): Promise<ListingName | null> {
  const [listing] = await em.execute<ListingName[]>(
    'SELECT title, city FROM listing_name WHERE listing_id = ?',
    [listingId],
  );
  return listing ?? null;
}
