import { type Database, DIRTY_CALENDAR_TABLE } from './difference.js';

/** A fault that SQL statements create on purpose, to prove that the check reports it. */
export interface SeededFault {
  name: string;
  database: Database;
  sql: string;
  /** The rules that must report the fault. */
  rules: string[];
}

const STAY_ENTRY = `(SELECT e.id FROM calendar_entry e JOIN booking b ON b.owner_id = e.owner_id
  WHERE e.kind = 'stay' AND b.state = 'confirmed' ORDER BY e.id LIMIT 1)`;
// A booking without references from other rows, so that the statements create no other fault.
const CONFIRMED_BOOKING = `(SELECT id FROM booking b WHERE state = 'confirmed'
  AND NOT EXISTS (SELECT FROM booking_change c WHERE c.booking_id = b.id)
  AND NOT EXISTS (SELECT FROM thread t WHERE t.booking_id = b.id) ORDER BY id LIMIT 1)`;
// A change can also refund, and its booking continues: the goal of a payment tells whether its booking has ended.
const CAPTURED_PAYMENT = `(SELECT id FROM payment WHERE purpose = 'booking' AND goal NOT IN ('expire', 'release')
  AND captured_minor > 0 AND refunded_minor = 0 ORDER BY id LIMIT 1)`;
const REFUNDED_PAYMENT = `(SELECT id FROM payment p WHERE goal = 'release' AND refunded_minor > 0
  AND EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id AND r.host_minor > 0) ORDER BY id LIMIT 1)`;

export const seededFaults: readonly SeededFault[] = [
  {
    name: 'a booking without one of its nights',
    database: 'bookings',
    sql: `UPDATE calendar_entry SET nights = daterange(lower(nights), upper(nights) - 1) WHERE id = (
            SELECT e.id FROM calendar_entry e JOIN booking b ON b.owner_id = e.owner_id WHERE e.kind = 'stay'
              AND b.state = 'confirmed' AND upper(e.nights) - lower(e.nights) > 1 ORDER BY e.id LIMIT 1)`,
    rules: ['calendar.stay'],
  },
  {
    name: 'a booking with an extra night',
    database: 'bookings',
    sql: `INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
          SELECT listing_id, space_id, owner_id, 'stay', daterange('2050-01-01', '2050-01-02'), true
          FROM calendar_entry WHERE id = ${STAY_ENTRY}`,
    rules: ['calendar.stay'],
  },
  {
    name: 'two stays that overlap',
    database: 'bookings',
    sql: `DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE calendar_entry DROP CONSTRAINT %I', conname)
            FROM pg_constraint WHERE conrelid = 'calendar_entry'::regclass AND contype = 'x'); END $$;
          INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
          SELECT listing_id, space_id, 999999999, 'block', nights, true FROM calendar_entry WHERE id = ${STAY_ENTRY}`,
    rules: ['calendar.overlap', 'calendar.no_owner'],
  },
  {
    name: 'a night without an owner',
    database: 'bookings',
    sql: `INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
          SELECT listing_id, space_id, 999999999, 'stay', daterange('2050-01-01', '2050-01-02'), true
          FROM calendar_entry WHERE id = ${STAY_ENTRY}`,
    rules: ['calendar.no_owner'],
  },
  {
    name: 'an expired booking that still holds its nights',
    database: 'bookings',
    sql: `UPDATE booking SET state = 'expired', expired_cause = 'hold', due_at = NULL WHERE id = ${CONFIRMED_BOOKING}`,
    rules: ['calendar.stay', 'booking.history', 'booking.money_after_end'],
  },
  {
    name: 'a block without its nights',
    database: 'bookings',
    sql: `DELETE FROM calendar_entry WHERE kind = 'block' AND owner_id = (
            SELECT owner_id FROM calendar_block ORDER BY to_date DESC, id LIMIT 1)`,
    rules: ['calendar.block'],
  },
  {
    name: 'a closed change that still holds nights',
    database: 'bookings',
    sql: `INSERT INTO calendar_entry (listing_id, space_id, owner_id, change_id, kind, nights, live)
          SELECT listing_id, space_id, owner_id, gen_random_uuid(), 'stay', daterange('2050-01-01', '2050-01-02'), true
          FROM calendar_entry WHERE id = ${STAY_ENTRY}`,
    rules: ['calendar.change'],
  },
  {
    name: 'a proposed change that does not hold its nights',
    database: 'bookings',
    sql: `INSERT INTO booking_change (id, booking_id, state, proposed_by, check_in_date, check_out_date, check_in_at,
            check_out_at, guests, price, total_minor, host_payout_minor, difference_minor, holds_nights, expires_at,
            created_at, updated_at)
          SELECT gen_random_uuid(), id, 'proposed', 'guest', '2050-01-01', '2050-01-03', check_in_at, check_out_at, guests,
            price, total_minor, host_payout_minor, 0, true, '2049-01-01', created_at, updated_at
          FROM booking WHERE id = (SELECT id FROM booking WHERE state = 'confirmed' AND open_change_id IS NULL LIMIT 1)`,
    rules: ['calendar.change', 'booking.change'],
  },
  {
    name: 'a change of state without a history entry',
    database: 'bookings',
    sql: `DELETE FROM booking_history WHERE booking_id = ${CONFIRMED_BOOKING} AND to_state = 'confirmed'`,
    rules: ['booking.history'],
  },
  {
    name: 'an overdue check-in',
    database: 'bookings',
    sql: `UPDATE booking SET due_at = '2020-01-01' WHERE id = ${CONFIRMED_BOOKING}`,
    rules: ['booking.overdue'],
  },
  {
    name: 'a changed calendar that is not published',
    database: 'bookings',
    sql: `INSERT INTO ${DIRTY_CALENDAR_TABLE} (listing_id) SELECT min(id) FROM calendar_listing`,
    rules: ['calendar.unpublished'],
  },
  {
    name: 'a deleted stay that search and the public calendar still show',
    database: 'bookings',
    sql: `DELETE FROM calendar_entry WHERE kind = 'stay'`,
    rules: ['search.projection', 'calendar.public'],
  },
  {
    name: 'missing rows of the search projection',
    database: 'listings',
    sql: 'DELETE FROM listing_calendar',
    rules: ['search.projection'],
  },
  {
    name: 'a paused listing that search still returns',
    database: 'bookings',
    sql: `UPDATE listing_snapshot SET status = 'paused'`,
    rules: ['search.hit'],
  },
  {
    name: 'a confirmed booking without payment',
    database: 'payments',
    sql: `UPDATE payment SET captured_minor = 0, status = 'requires_payment_method' WHERE id = ${CAPTURED_PAYMENT}`,
    rules: ['booking.unpaid', 'booking.captured', 'provider.payment', 'ledger.payment'],
  },
  {
    name: 'a refund that is too small',
    database: 'payments',
    sql: `UPDATE refund SET amount_minor = amount_minor - 1, host_minor = host_minor - 1
            WHERE id = (SELECT id FROM refund WHERE payment_id = ${REFUNDED_PAYMENT} AND host_minor > 0 LIMIT 1);
          UPDATE payment SET refunded_minor = refunded_minor - 1, refund_reserved_minor = refund_reserved_minor - 1
            WHERE id = ${REFUNDED_PAYMENT}`,
    rules: ['provider.payment', 'ledger.payment'],
  },
  {
    name: 'a cancelled booking without its refund',
    database: 'payments',
    sql: `UPDATE payment SET refunded_minor = 0, refund_reserved_minor = 0 WHERE refunded_minor > 0`,
    rules: ['booking.refund', 'refund.sum', 'provider.payment', 'ledger.payment'],
  },
  {
    name: 'a refund that is still pending',
    database: 'payments',
    sql: `UPDATE refund SET status = 'pending' WHERE id = (SELECT id FROM refund WHERE status = 'succeeded' LIMIT 1)`,
    rules: ['refund.open', 'refund.sum'],
  },
  {
    name: 'a larger amount reserved for refunds than refunded',
    database: 'payments',
    sql: `UPDATE payment SET refund_reserved_minor = 1 WHERE id = ${CAPTURED_PAYMENT}`,
    rules: ['refund.reserved'],
  },
  {
    name: 'an authorization of a booking that has ended',
    database: 'payments',
    sql: `UPDATE payment SET status = 'authorized' WHERE id = ${REFUNDED_PAYMENT}`,
    rules: ['booking.money_after_end'],
  },
  {
    name: 'a payment for a missing booking',
    database: 'bookings',
    sql: `DELETE FROM booking_history WHERE booking_id = ${CONFIRMED_BOOKING}; DELETE FROM booking WHERE id = ${CONFIRMED_BOOKING}`,
    rules: ['payment.no_booking', 'calendar.no_owner'],
  },
  {
    name: 'a booking without a payment',
    database: 'payments',
    sql: `UPDATE payment SET booking_id = gen_random_uuid() WHERE id = ${CAPTURED_PAYMENT}`,
    rules: ['booking.payments', 'booking.unpaid', 'payment.no_booking'],
  },
  {
    name: 'a ledger movement without a counterpart',
    database: 'payments',
    sql: `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, payment_id, booking_id, occurred_at)
          SELECT 'seeded', 1, debit_id, credit_id, currency, 1, payment_id, booking_id, occurred_at
          FROM movement WHERE payment_id = ${CAPTURED_PAYMENT} ORDER BY leg LIMIT 1`,
    rules: ['ledger.payment'],
  },
  {
    name: 'a host payout that differs from the ledger',
    database: 'bookings',
    sql: `UPDATE booking SET host_payout_minor = host_payout_minor + 1 WHERE id = ${CONFIRMED_BOOKING}`,
    rules: ['ledger.host'],
  },
  {
    name: 'goodwill without a refund',
    database: 'bookings',
    sql: `UPDATE booking SET goodwill_minor = 1 WHERE id = ${CONFIRMED_BOOKING}`,
    rules: ['booking.goodwill', 'booking.unpaid'],
  },
  {
    name: 'a penalty without a ledger movement',
    database: 'bookings',
    sql: `UPDATE booking SET cancellation = jsonb_set(cancellation, '{hostPenaltyMinor}', '123')
          WHERE id = (SELECT id FROM booking WHERE state = 'cancelled' ORDER BY id LIMIT 1)`,
    rules: ['ledger.host'],
  },
  {
    name: 'a second charge at the provider',
    database: 'sandbox',
    sql: `INSERT INTO book_entry (intent_id, kind, amount_minor, currency)
          SELECT intent_id, kind, amount_minor, currency FROM book_entry WHERE kind = 'charge' ORDER BY id LIMIT 1`,
    rules: ['provider.books'],
  },
  {
    name: 'an amount at the provider without a payment',
    database: 'sandbox',
    sql: `UPDATE intent SET refunded_minor = 0 WHERE id = (SELECT id FROM intent WHERE refunded_minor > 0 LIMIT 1);
          INSERT INTO intent (id, status, amount_minor, currency, capture_method, authorized_minor, captured_minor, client_secret)
          VALUES ('pi_seeded', 'succeeded', 100, 'USD', 'automatic', 100, 100, 'secret')`,
    rules: ['provider.payment', 'provider.books'],
  },
  {
    name: 'an event in the dead letters',
    database: 'payments',
    sql: `INSERT INTO dead_letter (event_id, topic, key, type, source, occurred_at, schema_version, data, code)
          VALUES (gen_random_uuid(), 'bookings.booking', 'x', 'booking.created', '/bookings', now(), 1, '{}', 'TypeError')`,
    rules: ['dead_letter.payments'],
  },
  {
    name: 'an operation that is still pending',
    database: 'payments',
    sql: `UPDATE payment_operation SET status = 'pending' WHERE id = (SELECT id FROM payment_operation LIMIT 1)`,
    rules: ['pending.operation'],
  },
  {
    name: 'an event that the relay has not published',
    database: 'bookings',
    sql: `UPDATE outbox_cursor SET xid = '0'::xid8`,
    rules: ['pending.event'],
  },
];
