import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { OUTBOX_COLUMNS } from '@roost/messaging';
import { PreparedStatement } from '@roost/platform';
import { isActive } from '../account/account.queries.js';
import { lockLinksOfQuote, markSharing, stayParams, stayRows } from '../calendar/calendar.queries.js';
import type { Quote } from '../quote/quote.entity.js';
import type { StayTerms } from '../terms/stay-terms.entity.js';
import { Booking } from './booking.entity.js';
import type { HistoryEntry, ListBookings } from './booking.dto.js';

interface Found {
  used: boolean;
  /** The listing is published, and its host may be booked. */
  bookable: boolean;
  /** The guest may book. */
  active: boolean;
}

/** What a booking takes over from its quote as it stands: all its terms but when they were made. */
const frozenColumns = `listing_id, calendar_listing_id, host_id, guest_id, booking_mode, cancellation_policy, time_zone,
  check_in_from, check_out_until, check_in_date, check_out_date, check_in_at, check_out_at, preparation_nights, guests,
  currency, price, total_minor, host_payout_minor, refund_schedule`;

const asProperty = (column: string) =>
  column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The columns come named as the properties of `StayTerms`: this is read once, so there is nothing for MikroORM to keep. */
const lockedQuote = new PreparedStatement<
  Found & Pick<Quote, 'id' | 'expiresAt'> & StayTerms & { locked: unknown }
>(
  'booking-quote',
  `SELECT ${lockLinksOfQuote} AS locked, q.id, q.expires_at AS "expiresAt", q.created_at AS "createdAt",
     ${frozenColumns.replaceAll(/\w+/g, (column) => `q.${column} AS "${asProperty(column)}"`)},
     s.status = 'published' AND ${isActive('q.host_id')} AS bookable, ${isActive('q.guest_id')} AS active,
     EXISTS (SELECT FROM booking b WHERE b.quote_id = q.id) AS used
   FROM quote q JOIN listing_snapshot s ON s.listing_id = q.listing_id WHERE q.id = ? AND q.guest_id = ?`,
);

/** The quote, its listing's links locked in the same round trip, and what has become of both since. */
export async function lockQuote(
  em: EntityManager,
  quoteId: string,
  guestId: string,
): Promise<(Found & { quote: Quote }) | null> {
  const [row] = await lockedQuote.execute(em, [quoteId, guestId]);
  if (!row) return null;
  const { used, bookable, active, locked: _, id, expiresAt, ...terms } = row;
  return { quote: { id, expiresAt, terms }, used, bookable, active };
}

export interface NewBooking {
  id: string;
  quote: Quote;
  message: string | null;
  holdExpiresAt: Date;
  now: Date;
  /** `Outbox.row('booking.created', …)` */
  created: unknown[];
}

const holding = new PreparedStatement<{ held: boolean; booked: boolean }>(
  'booking-hold',
  `WITH wanted AS MATERIALIZED (${stayRows}),
     owner AS MATERIALIZED (SELECT nextval('calendar_owner') AS id),
     claimed AS (
       INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
       SELECT ?::bigint, w.space_id, o.id, w.kind, w.nights, true FROM wanted w CROSS JOIN owner o
       ORDER BY w.space_id, lower(w.nights) ON CONFLICT DO NOTHING RETURNING 1),
     all_claimed AS MATERIALIZED (
       SELECT 1 WHERE (SELECT count(*) FROM claimed) = (SELECT nullif(count(*), 0) FROM wanted)),
     booked AS (
       INSERT INTO booking (id, owner_id, quote_id, state, message, hold_expires_at, due_at, updated_at, created_at,
         ${frozenColumns})
       SELECT ?, o.id, q.id, 'pending_payment', ?, ?::timestamptz, ?::timestamptz, ?::timestamptz, ?::timestamptz,
         ${frozenColumns}
       FROM all_claimed CROSS JOIN owner o JOIN quote q ON q.id = ?
       ON CONFLICT (quote_id) DO NOTHING RETURNING id),
     history AS (
       INSERT INTO booking_history (booking_id, version, at, by, actor_id, event, to_state)
       SELECT id, 1, ?::timestamptz, 'guest', ?::uuid, 'created', 'pending_payment' FROM booked),
     marked AS (${markSharing} AND EXISTS (SELECT FROM booked)),
     announced AS (
       INSERT INTO outbox_event (${OUTBOX_COLUMNS})
       SELECT ?, ?, ?, ?::boolean, ?::bigint, ?::int, ?, ?::jsonb FROM booked)
     SELECT EXISTS (SELECT FROM all_claimed) AS held, EXISTS (SELECT FROM booked) AS booked`,
);

/**
 * The hold: nights, booking, history, the mark for calendar.changed and the event, all or nothing, in one statement.
 * `taken`: somebody has one of the nights; `used`: the quote was booked a moment ago. Either way roll back.
 */
export async function hold(em: EntityManager, booking: NewBooking): Promise<'held' | 'taken' | 'used'> {
  const { terms } = booking.quote;
  const [row] = await holding.execute(em, [
    ...stayParams(terms),
    terms.calendarListingId,
    booking.id,
    booking.message,
    booking.holdExpiresAt,
    booking.holdExpiresAt,
    booking.now,
    booking.now,
    booking.quote.id,
    booking.now,
    terms.guestId,
    terms.calendarListingId,
    ...booking.created,
  ]);
  if (!row?.held) return 'taken';
  return row.booked ? 'held' : 'used';
}

const usedQuote = new PreparedStatement<{ used: boolean }>(
  'booking-quote-used',
  'SELECT EXISTS (SELECT FROM booking WHERE quote_id = ?) AS used',
);

export async function isQuoteUsed(em: EntityManager, quoteId: string): Promise<boolean> {
  const [row] = await usedQuote.execute(em, [quoteId]);
  return row?.used === true;
}

/** A booking for one who has to do with it: its guest, its host, or an administrator (`viewerId` null). */
export async function findVisible(
  em: EntityManager,
  id: string,
  viewerId: string | null,
): Promise<Booking | null> {
  return await em.findOne(Booking, { id, ...concerning(viewerId) });
}

/**
 * The same, for a step that may change the booking. Every such step locks the booking before it writes what hangs on it (its
 * change, its nights): of two who begin at opposite ends each would else wait for the other.
 */
export async function lockVisible(
  em: EntityManager,
  id: string,
  viewerId: string | null,
): Promise<Booking | null> {
  return await em.findOne(Booking, { id, ...concerning(viewerId) }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

export async function findAllVisible(
  em: EntityManager,
  ids: readonly string[],
  viewerId: string | null,
): Promise<Booking[]> {
  return await em.find(Booking, { id: { $in: [...ids] }, ...concerning(viewerId) });
}

const concerning = (viewerId: string | null) =>
  viewerId ? { $or: [{ terms: { guestId: viewerId } }, { terms: { hostId: viewerId } }] } : {};

export async function historyOf(
  em: EntityManager,
  bookingIds: string[],
): Promise<Map<string, HistoryEntry[]>> {
  const rows = await em.execute<(HistoryEntry & { bookingId: string })[]>(
    `SELECT booking_id AS "bookingId", at, by, event, reason FROM booking_history
     WHERE booking_id = ANY(?::uuid[]) ORDER BY booking_id, id`,
    [`{${bookingIds.join(',')}}`],
  );
  const byBooking = new Map<string, HistoryEntry[]>(bookingIds.map((id) => [id, []]));
  for (const { bookingId, at, ...entry } of rows) {
    byBooking.get(bookingId)?.push({ at: new Date(at).toISOString(), ...entry });
  }
  return byBooking;
}

/** Newest first: ids are in the order of their making. */
export async function listBookings(
  em: EntityManager,
  viewerId: string,
  filter: Omit<ListBookings, 'cursor'> & { before: string | null },
): Promise<Booking[]> {
  return await em.find(
    Booking,
    {
      terms: {
        ...(filter.role === 'host' ? { hostId: viewerId } : { guestId: viewerId }),
        ...(filter.from && { checkOutDate: { $gt: filter.from } }),
        ...(filter.to && { checkInDate: { $lt: filter.to } }),
      },
      ...(filter.state && { state: filter.state }),
      ...(filter.before && { id: { $lt: filter.before } }),
    },
    { orderBy: { id: 'desc' }, limit: filter.limit + 1 },
  );
}

/** What has come due; looked at one by one in transactions of their own, so replicas don't wait for each other. */
export async function dueBookings(
  em: EntityManager,
  now: Date,
  after: { dueAt: Date; id: string } | null,
  limit: number,
): Promise<{ id: string; dueAt: Date }[]> {
  return await em.execute<{ id: string; dueAt: Date }[]>(
    `SELECT id, due_at AS "dueAt" FROM booking
     WHERE due_at <= ? AND (due_at, id) > (coalesce(?::timestamptz, '-infinity'), coalesce(?::uuid, '00000000-0000-0000-0000-000000000000'))
     ORDER BY due_at, id LIMIT ?`,
    [now, after?.dueAt ?? null, after?.id ?? null, limit],
  );
}

/** What this person wrote at bookings: the word to the host, and reasons. An admin's reasons are no private matter. */
export async function eraseBookingTexts(em: EntityManager, userId: string): Promise<void> {
  await em.execute(
    `UPDATE booking_history SET reason = NULL WHERE reason IS NOT NULL AND actor_id = ? AND by <> 'admin'
       AND booking_id IN (SELECT id FROM booking WHERE guest_id = ? OR host_id = ?)`,
    [userId, userId, userId],
  );
  await em.execute(
    `UPDATE booking b SET version = version + 1, message = m.kept,
       cancellation = CASE WHEN m.cancelled THEN jsonb_set(b.cancellation, '{reason}', '""') ELSE b.cancellation END
     FROM (
       SELECT id, CASE WHEN guest_id <> ? THEN message END AS kept,
         coalesce(cancellation ->> 'by' = CASE WHEN guest_id = ? THEN 'guest' ELSE 'host' END
           AND cancellation ->> 'reason' <> '', false) AS cancelled
       FROM booking WHERE guest_id = ? OR host_id = ?) m
     WHERE b.id = m.id AND (m.cancelled OR b.message IS DISTINCT FROM m.kept)`,
    [userId, userId, userId, userId],
  );
}
