import type { Database } from './difference.js';

/** A difference that is put there on purpose, as one statement or several. */
export interface Plant {
  what: string;
  database: Database;
  sql: string;
  /** The rules that have to find it. */
  found: string[];
}

const aStay = `(SELECT e.id FROM calendar_entry e JOIN booking b ON b.owner_id = e.owner_id
  WHERE e.kind = 'stay' AND b.state = 'confirmed' ORDER BY e.id LIMIT 1)`;
// Of a booking that nothing else refers to, so that the plant is the one thing that is wrong with it.
const confirmed = `(SELECT id FROM booking b WHERE state = 'confirmed'
  AND NOT EXISTS (SELECT FROM booking_change c WHERE c.booking_id = b.id)
  AND NOT EXISTS (SELECT FROM thread t WHERE t.booking_id = b.id) ORDER BY id LIMIT 1)`;
// Of a booking that stands, and of one that is over: a change also pays back, and its booking goes on.
const captured = `(SELECT id FROM payment WHERE purpose = 'booking' AND goal NOT IN ('expire', 'release')
  AND captured_minor > 0 AND refunded_minor = 0 ORDER BY id LIMIT 1)`;
const refunded = `(SELECT id FROM payment p WHERE goal = 'release' AND refunded_minor > 0
  AND EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id AND r.host_minor > 0) ORDER BY id LIMIT 1)`;

export const plants: Plant[] = [
  {
    what: 'a booking without one of its nights',
    database: 'bookings',
    sql: `UPDATE calendar_entry SET nights = daterange(lower(nights), upper(nights) - 1) WHERE id = (
            SELECT e.id FROM calendar_entry e JOIN booking b ON b.owner_id = e.owner_id WHERE e.kind = 'stay'
              AND b.state = 'confirmed' AND upper(e.nights) - lower(e.nights) > 1 ORDER BY e.id LIMIT 1)`,
    found: ['calendar.stay'],
  },
  {
    what: 'a booking with a night too many',
    database: 'bookings',
    sql: `INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
          SELECT listing_id, space_id, owner_id, 'stay', daterange('2050-01-01', '2050-01-02'), true
          FROM calendar_entry WHERE id = ${aStay}`,
    found: ['calendar.stay'],
  },
  {
    what: 'two stays that overlap',
    database: 'bookings',
    sql: `DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE calendar_entry DROP CONSTRAINT %I', conname)
            FROM pg_constraint WHERE conrelid = 'calendar_entry'::regclass AND contype = 'x'); END $$;
          INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
          SELECT listing_id, space_id, 999999999, 'block', nights, true FROM calendar_entry WHERE id = ${aStay}`,
    found: ['calendar.overlap', 'calendar.nobody'],
  },
  {
    what: 'a night that nobody holds',
    database: 'bookings',
    sql: `INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
          SELECT listing_id, space_id, 999999999, 'stay', daterange('2050-01-01', '2050-01-02'), true
          FROM calendar_entry WHERE id = ${aStay}`,
    found: ['calendar.nobody'],
  },
  {
    what: 'an expired booking that keeps its nights',
    database: 'bookings',
    sql: `UPDATE booking SET state = 'expired', expired_cause = 'hold', due_at = NULL WHERE id = ${confirmed}`,
    found: ['calendar.stay', 'booking.history', 'booking.dead_money'],
  },
  {
    what: 'a block without its nights',
    database: 'bookings',
    sql: `DELETE FROM calendar_entry WHERE kind = 'block' AND owner_id = (
            SELECT owner_id FROM calendar_block ORDER BY to_date DESC, id LIMIT 1)`,
    found: ['calendar.block'],
  },
  {
    what: 'a change that is over and still holds nights',
    database: 'bookings',
    sql: `INSERT INTO calendar_entry (listing_id, space_id, owner_id, change_id, kind, nights, live)
          SELECT listing_id, space_id, owner_id, gen_random_uuid(), 'stay', daterange('2050-01-01', '2050-01-02'), true
          FROM calendar_entry WHERE id = ${aStay}`,
    found: ['calendar.change'],
  },
  {
    what: 'a proposed change that does not hold its nights',
    database: 'bookings',
    sql: `INSERT INTO booking_change (id, booking_id, state, proposed_by, check_in_date, check_out_date, check_in_at,
            check_out_at, guests, price, total_minor, host_payout_minor, difference_minor, holds_nights, expires_at,
            created_at, updated_at)
          SELECT gen_random_uuid(), id, 'proposed', 'guest', '2050-01-01', '2050-01-03', check_in_at, check_out_at, guests,
            price, total_minor, host_payout_minor, 0, true, '2049-01-01', created_at, updated_at
          FROM booking WHERE id = (SELECT id FROM booking WHERE state = 'confirmed' AND open_change_id IS NULL LIMIT 1)`,
    found: ['calendar.change', 'booking.change'],
  },
  {
    what: 'a change of state that history does not know',
    database: 'bookings',
    sql: `DELETE FROM booking_history WHERE booking_id = ${confirmed} AND to_state = 'confirmed'`,
    found: ['booking.history'],
  },
  {
    what: 'a check-in that nobody noticed',
    database: 'bookings',
    sql: `UPDATE booking SET due_at = '2020-01-01' WHERE id = ${confirmed}`,
    found: ['booking.overdue'],
  },
  {
    what: 'a calendar that was not announced',
    database: 'bookings',
    sql: 'INSERT INTO calendar_mark (listing_id) SELECT min(id) FROM calendar_listing',
    found: ['calendar.unannounced'],
  },
  {
    what: 'a stay that search and the public calendar still show as taken',
    database: 'bookings',
    sql: `DELETE FROM calendar_entry WHERE kind = 'stay'`,
    found: ['search.projection', 'calendar.public'],
  },
  {
    what: 'search rows that were never updated',
    database: 'listings',
    sql: 'DELETE FROM listing_calendar',
    found: ['search.projection'],
  },
  {
    what: 'a published place that search leaves out',
    database: 'bookings',
    sql: `UPDATE listing_snapshot SET status = 'paused'`,
    found: ['search.hit'],
  },
  {
    what: 'a booking confirmed and unpaid',
    database: 'payments',
    sql: `UPDATE payment SET captured_minor = 0, status = 'requires_payment_method' WHERE id = ${captured}`,
    found: ['booking.unpaid', 'booking.captured', 'provider.payment', 'ledger.payment'],
  },
  {
    what: 'a refund that is too small',
    database: 'payments',
    sql: `UPDATE refund SET amount_minor = amount_minor - 1, host_minor = host_minor - 1
            WHERE id = (SELECT id FROM refund WHERE payment_id = ${refunded} AND host_minor > 0 LIMIT 1);
          UPDATE payment SET refunded_minor = refunded_minor - 1, refund_reserved_minor = refund_reserved_minor - 1
            WHERE id = ${refunded}`,
    found: ['provider.payment', 'ledger.payment'],
  },
  {
    what: 'a booking captured, cancelled and not refunded',
    database: 'payments',
    sql: `UPDATE payment SET refunded_minor = 0, refund_reserved_minor = 0 WHERE refunded_minor > 0`,
    found: ['booking.refund', 'refund.sum', 'provider.payment', 'ledger.payment'],
  },
  {
    what: 'a refund that waits for ever',
    database: 'payments',
    sql: `UPDATE refund SET status = 'pending' WHERE id = (SELECT id FROM refund WHERE status = 'succeeded' LIMIT 1)`,
    found: ['refund.open', 'refund.sum'],
  },
  {
    what: 'more reserved for refunds than refunded',
    database: 'payments',
    sql: `UPDATE payment SET refund_reserved_minor = 1 WHERE id = ${captured}`,
    found: ['refund.reserved'],
  },
  {
    what: 'an authorization left on a dead booking',
    database: 'payments',
    sql: `UPDATE payment SET status = 'authorized' WHERE id = ${refunded}`,
    found: ['booking.dead_money'],
  },
  {
    what: 'a payment for no booking',
    database: 'bookings',
    sql: `DELETE FROM booking_history WHERE booking_id = ${confirmed}; DELETE FROM booking WHERE id = ${confirmed}`,
    found: ['payment.nobody', 'calendar.nobody'],
  },
  {
    what: 'a booking without a payment',
    database: 'payments',
    sql: `UPDATE payment SET booking_id = gen_random_uuid() WHERE id = ${captured}`,
    found: ['booking.payments', 'booking.unpaid', 'payment.nobody'],
  },
  {
    what: 'a ledger that gives a guest’s money to nobody',
    database: 'payments',
    sql: `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, payment_id, booking_id, occurred_at)
          SELECT 'planted', 1, debit_id, credit_id, currency, 1, payment_id, booking_id, occurred_at
          FROM movement WHERE payment_id = ${captured} ORDER BY leg LIMIT 1`,
    found: ['ledger.payment'],
  },
  {
    what: 'a host who is owed another amount than was promised',
    database: 'bookings',
    sql: `UPDATE booking SET host_payout_minor = host_payout_minor + 1 WHERE id = ${confirmed}`,
    found: ['ledger.host'],
  },
  {
    what: 'goodwill that nobody gave',
    database: 'bookings',
    sql: `UPDATE booking SET goodwill_minor = 1 WHERE id = ${confirmed}`,
    found: ['booking.goodwill', 'booking.unpaid'],
  },
  {
    what: 'a penalty that the ledger does not know',
    database: 'bookings',
    sql: `UPDATE booking SET cancellation = jsonb_set(cancellation, '{hostPenaltyMinor}', '123')
          WHERE id = (SELECT id FROM booking WHERE state = 'cancelled' ORDER BY id LIMIT 1)`,
    found: ['ledger.host'],
  },
  {
    what: 'a second charge at the provider',
    database: 'sandbox',
    sql: `INSERT INTO book_entry (intent_id, kind, amount_minor, currency)
          SELECT intent_id, kind, amount_minor, currency FROM book_entry WHERE kind = 'charge' ORDER BY id LIMIT 1`,
    found: ['provider.books'],
  },
  {
    what: 'money at the provider that nobody here knows of',
    database: 'sandbox',
    sql: `UPDATE intent SET refunded_minor = 0 WHERE id = (SELECT id FROM intent WHERE refunded_minor > 0 LIMIT 1);
          INSERT INTO intent (id, status, amount_minor, currency, capture_method, authorized_minor, captured_minor, client_secret)
          VALUES ('pi_planted', 'succeeded', 100, 'USD', 'automatic', 100, 100, 'secret')`,
    found: ['provider.payment', 'provider.books'],
  },
  {
    what: 'a parked event',
    database: 'payments',
    sql: `INSERT INTO dead_letter (event_id, topic, key, type, source, occurred_at, schema_version, data, code)
          VALUES (gen_random_uuid(), 'bookings.booking', 'x', 'booking.created', '/bookings', now(), 1, '{}', 'TypeError')`,
    found: ['parked.payments'],
  },
  {
    what: 'an operation that never ended',
    database: 'payments',
    sql: `UPDATE payment_operation SET status = 'pending' WHERE id = (SELECT id FROM payment_operation LIMIT 1)`,
    found: ['under_way.operation'],
  },
  {
    what: 'an event that the relay has not taken',
    database: 'bookings',
    sql: `UPDATE outbox_cursor SET xid = '0'::xid8`,
    found: ['under_way.event'],
  },
];
