import { type EntityManager, raw, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';
import { OUTBOX_COLUMNS } from '@roost/messaging';
import { executePrepared } from '@roost/platform';
import { lockLinksOfQuote, markSharingListings, stayRows } from '../calendar/calendar.queries.js';
import type { Quote } from '../quote/quote.entity.js';
import type { StayTerms } from '../terms/stay-terms.entity.js';

interface QuoteStatus {
  /** There is a booking of the quote. */
  used: boolean;
  /** The listing is published, and its host is active. */
  bookable: boolean;
  /** The guest is active. */
  active: boolean;
  /** The country of the listing. */
  countryCode: string | null;
}

/** The terms that a booking copies from its quote: all except the time of creation. */
const COPIED_COLUMNS = `listing_id, calendar_listing_id, host_id, guest_id, booking_mode, cancellation_policy, time_zone,
  check_in_from, check_out_until, check_in_date, check_out_date, check_in_at, check_out_at, preparation_nights, guests,
  currency, price, total_minor, host_payout_minor, refund_schedule`;

const toProperty = (column: string) =>
  column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const copiedColumns = raw(COPIED_COLUMNS);
/** Named as the properties of `StayTerms`. Not loaded as an entity: the row is read once, so MikroORM need not track it. */
const quotedColumns = raw(
  COPIED_COLUMNS.replaceAll(/\w+/g, (column) => `q.${column} AS "${toProperty(column)}"`),
);

type QuoteRow = QuoteStatus & Pick<Quote, 'id' | 'expiresAt'> & StayTerms & { locked: unknown };

/** Loads the quote and its status, and locks the links of its listing in the same round trip. */
export async function lockQuote(
  em: EntityManager,
  quoteId: string,
  guestId: string,
): Promise<(QuoteStatus & { quote: Quote }) | null> {
  const [row] = await executePrepared<QuoteRow>(
    em,
    'booking-quote',
    sql`SELECT ${lockLinksOfQuote} AS locked, q.id, q.expires_at AS "expiresAt", q.created_at AS "createdAt",
     ${quotedColumns}, s.country_code AS "countryCode",
     s.status = 'published' AND ${accountIsActive(sql`q.host_id`)} AS bookable,
     ${accountIsActive(sql`q.guest_id`)} AS active,
     EXISTS (SELECT FROM booking b WHERE b.quote_id = q.id) AS used
   FROM quote q JOIN listing_snapshot s ON s.listing_id = q.listing_id
   WHERE q.id = ${quoteId} AND q.guest_id = ${guestId}`,
  );
  if (!row) return null;
  const { used, bookable, active, countryCode, locked: _, id, expiresAt, ...terms } = row;
  return { quote: { id, expiresAt, terms }, used, bookable, active, countryCode };
}

export interface NewBooking {
  id: string;
  quote: Quote;
  message: string | null;
  holdExpiresAt: Date;
  now: Date;
  /** `Outbox.row('booking.created', …)` */
  event: unknown[];
}

/**
 * Inserts the hold in one statement, all or nothing: nights, booking, history, the mark for calendar.changed and the
 * event. `taken`: another owner has some of the nights; `used`: the quote has just been booked. In both cases roll back.
 */
export async function insertHold(em: EntityManager, booking: NewBooking): Promise<'held' | 'taken' | 'used'> {
  const { id, quote, message, holdExpiresAt, now, event } = booking;
  const { terms } = quote;
  const [type, topic, key, compacted, aggregateVersion, schemaVersion, traceparent, body] = event;
  const [row] = await executePrepared<{ held: boolean; booked: boolean }>(
    em,
    'booking-hold',
    sql`WITH requested AS MATERIALIZED (${stayRows(terms)}),
     owner AS MATERIALIZED (SELECT nextval('calendar_owner') AS id),
     claimed AS (
       INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
       SELECT ${terms.calendarListingId}::bigint, r.space_id, o.id, r.kind, r.nights, true
       FROM requested r CROSS JOIN owner o
       ORDER BY r.space_id, lower(r.nights) ON CONFLICT DO NOTHING RETURNING 1),
     all_claimed AS MATERIALIZED (
       SELECT 1 WHERE (SELECT count(*) FROM claimed) = (SELECT nullif(count(*), 0) FROM requested)),
     booked AS (
       INSERT INTO booking (id, owner_id, quote_id, state, message, hold_expires_at, due_at, updated_at, created_at,
         ${copiedColumns})
       SELECT ${id}, o.id, q.id, 'pending_payment', ${message}, ${holdExpiresAt}::timestamptz, ${holdExpiresAt}::timestamptz,
         ${now}::timestamptz, ${now}::timestamptz, ${copiedColumns}
       FROM all_claimed CROSS JOIN owner o JOIN quote q ON q.id = ${quote.id}
       ON CONFLICT (quote_id) DO NOTHING RETURNING id),
     history AS (
       INSERT INTO booking_history (booking_id, version, at, by, actor_id, event, to_state)
       SELECT id, 1, ${now}::timestamptz, 'guest', ${terms.guestId}::uuid, 'created', 'pending_payment' FROM booked),
     marked AS (${markSharingListings(terms.calendarListingId)} AND EXISTS (SELECT FROM booked)),
     published AS (
       INSERT INTO outbox_event (${raw(OUTBOX_COLUMNS)})
       SELECT ${type}, ${topic}, ${key}, ${compacted}::boolean, ${aggregateVersion}::bigint, ${schemaVersion}::int,
         ${traceparent}, ${body}::jsonb FROM booked)
     SELECT EXISTS (SELECT FROM all_claimed) AS held, EXISTS (SELECT FROM booked) AS booked`,
  );
  if (!row?.held) return 'taken';
  return row.booked ? 'held' : 'used';
}

export async function isQuoteUsed(em: EntityManager, quoteId: string): Promise<boolean> {
  const [row] = await executePrepared<{ used: boolean }>(
    em,
    'booking-quote-used',
    sql`SELECT EXISTS (SELECT FROM booking WHERE quote_id = ${quoteId}) AS used`,
  );
  return row?.used === true;
}
