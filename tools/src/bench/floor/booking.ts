import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

/**
 * The floor of POST /v1/bookings: a bare Fastify and `pg` with the prepared statements of a hold, in four round trips, and
 * the same response body. It commits nights, booking, history, dirty calendar and outbox row. It has no authentication,
 * validation, log, rate limit or retry, and no work after the response: it publishes neither events nor the calendar.
 */
const HOLD_MINUTES = 15;

pg.types.setTypeParser(1082, (text) => text);
pg.types.setTypeParser(20, Number);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const COPIED_COLUMNS = `listing_id, calendar_listing_id, host_id, guest_id, booking_mode, cancellation_policy, time_zone,
  check_in_from, check_out_until, check_in_date, check_out_date, check_in_at, check_out_at, preparation_nights, guests,
  currency, price, total_minor, host_payout_minor, refund_schedule`;

const READ = `
  SELECT pg_advisory_xact_lock_shared(4101, q.calendar_listing_id::int), q.*,
    EXISTS (SELECT FROM booking b WHERE b.quote_id = q.id) AS used
  FROM quote q JOIN listing_snapshot s ON s.listing_id = q.listing_id
  WHERE q.id = $1 AND s.status = 'published'
    AND NOT EXISTS (SELECT FROM account_standing a WHERE a.user_id IN (q.host_id, q.guest_id) AND a.status <> 'active')`;

const HOLD = `
  WITH requested AS MATERIALIZED (
    SELECT s.space_id, w.kind, w.nights
    FROM (SELECT $1::bigint AS listing_id, $2::date AS check_in_date, $3::date AS check_out_date, $4::int AS preparation_nights) stay
    JOIN listing_space s ON s.listing_id = stay.listing_id
    CROSS JOIN LATERAL (
      SELECT 'stay' AS kind, daterange(check_in_date, check_out_date) AS nights
      UNION ALL SELECT 'prep', daterange(check_in_date - preparation_nights, check_in_date) WHERE preparation_nights > 0
      UNION ALL SELECT 'prep', daterange(check_out_date, check_out_date + preparation_nights) WHERE preparation_nights > 0) w),
  owner AS MATERIALIZED (SELECT nextval('calendar_owner') AS id),
  claimed AS (
    INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
    SELECT $1::bigint, r.space_id, o.id, r.kind, r.nights, true FROM requested r CROSS JOIN owner o
    ORDER BY r.space_id, lower(r.nights) ON CONFLICT DO NOTHING RETURNING 1),
  all_claimed AS MATERIALIZED (
    SELECT 1 WHERE (SELECT count(*) FROM claimed) = (SELECT nullif(count(*), 0) FROM requested)),
  booked AS (
    INSERT INTO booking (id, owner_id, quote_id, state, hold_expires_at, due_at, updated_at, created_at, ${COPIED_COLUMNS})
    SELECT $5, o.id, q.id, 'pending_payment', $6, $6, $7, $7, ${COPIED_COLUMNS}
    FROM all_claimed CROSS JOIN owner o JOIN quote q ON q.id = $8
    ON CONFLICT (quote_id) DO NOTHING RETURNING id, guest_id),
  history AS (
    INSERT INTO booking_history (booking_id, version, at, by, actor_id, event, to_state)
    SELECT id, 1, $7, 'guest', guest_id, 'created', 'pending_payment' FROM booked),
  dirty AS (
    INSERT INTO calendar_mark (listing_id)
    SELECT DISTINCT other.listing_id FROM listing_space own JOIN listing_space other USING (space_id)
    WHERE own.listing_id = $1::bigint AND EXISTS (SELECT FROM booked)),
  published AS (
    INSERT INTO outbox_event (type, topic, key, compacted, aggregate_version, schema_version, body)
    SELECT 'booking.created', 'bookings.booking', $5::uuid::text, false, 1, 1, $9 FROM booked)
  SELECT EXISTS (SELECT FROM booked) AS booked`;

interface QuoteRow {
  id: string;
  listing_id: string;
  calendar_listing_id: number;
  host_id: string;
  guest_id: string;
  booking_mode: string;
  cancellation_policy: string;
  time_zone: string;
  check_in_date: string;
  check_out_date: string;
  check_in_at: Date;
  check_out_at: Date;
  preparation_nights: number;
  guests: object;
  currency: string;
  price: { lines: object[]; hostFeeMinor: number; serviceFeeMinor: number; taxes: { amountMinor: number }[] };
  total_minor: number;
  host_payout_minor: number;
  refund_schedule: object[];
  used: boolean;
}

async function book(quoteId: string): Promise<object | null> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<QuoteRow>({ name: 'read', text: READ, values: [quoteId] });
    const [quote] = rows;
    if (!quote || quote.used) throw new Error('the quote is missing or already booked');
    const now = new Date();
    const booking = toResponse(quote, now);
    const held = await client.query<{ booked: boolean }>({
      name: 'hold',
      text: HOLD,
      values: [
        quote.calendar_listing_id,
        quote.check_in_date,
        quote.check_out_date,
        quote.preparation_nights,
        booking.id,
        booking.holdExpiresAt,
        now,
        quote.id,
        JSON.stringify(toEvent(quote, booking)),
      ],
    });
    await client.query(held.rows[0]?.booked ? 'COMMIT' : 'ROLLBACK');
    return held.rows[0]?.booked ? booking : null;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

const toResponse = (quote: QuoteRow, now: Date, id: string = randomUUID()) => ({
  id,
  state: 'pending_payment',
  listingId: quote.listing_id,
  guestId: quote.guest_id,
  hostId: quote.host_id,
  quoteId: quote.id,
  bookingMode: quote.booking_mode,
  checkInDate: quote.check_in_date,
  checkOutDate: quote.check_out_date,
  timeZone: quote.time_zone,
  checkInAt: quote.check_in_at.toISOString(),
  checkOutAt: quote.check_out_at.toISOString(),
  guests: quote.guests,
  currency: quote.currency,
  lines: quote.price.lines,
  totalMinor: quote.total_minor,
  host: { feeMinor: quote.price.hostFeeMinor, payoutMinor: quote.host_payout_minor },
  cancellationPolicy: quote.cancellation_policy,
  refundSchedule: quote.refund_schedule,
  message: null,
  threadId: id,
  holdExpiresAt: new Date(now.getTime() + HOLD_MINUTES * 60_000).toISOString(),
  respondBy: null,
  paymentId: null,
  expiredCause: null,
  cancellation: null,
  openChange: null,
  version: 1,
  createdAt: now.toISOString(),
  history: [{ at: now.toISOString(), by: 'guest', event: 'created', reason: null }],
});

const toEvent = (quote: QuoteRow, booking: ReturnType<typeof toResponse>) => ({
  bookingId: booking.id,
  listingId: booking.listingId,
  hostId: booking.hostId,
  guestId: booking.guestId,
  state: booking.state,
  bookingMode: booking.bookingMode,
  checkInDate: booking.checkInDate,
  checkOutDate: booking.checkOutDate,
  timeZone: booking.timeZone,
  checkInAt: booking.checkInAt,
  checkOutAt: booking.checkOutAt,
  guests: booking.guests,
  currency: booking.currency,
  lines: booking.lines,
  totalMinor: booking.totalMinor,
  hostPayoutMinor: booking.host.payoutMinor,
  platformFeeMinor: quote.price.serviceFeeMinor + quote.price.hostFeeMinor,
  taxMinor: quote.price.taxes.reduce((sum, tax) => sum + tax.amountMinor, 0),
  payoutDueAt: new Date(quote.check_in_at.getTime() + 24 * 3_600_000).toISOString(),
  holdExpiresAt: booking.holdExpiresAt,
});

const server = Fastify();
server.get('/ready', () => 'ready');
server.post<{ Body: { quoteId: string } }>('/v1/bookings', async (request, reply) => {
  const booking = await book(request.body.quoteId);
  return booking
    ? reply.code(201).send(booking)
    : reply.code(409).send({ code: 'booking.dates_unavailable', status: 409 });
});
await server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
