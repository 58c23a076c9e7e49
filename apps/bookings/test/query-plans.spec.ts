import { randomUUID } from 'node:crypto';
import { sql, type EntityManager } from '@mikro-orm/postgresql';
import { largestSortRows, queryPlans } from '@roost/testing';
import { isQuoteUsed } from '../src/booking/booking-hold.queries.js';
import { dueBookings, historyOf, listAllBookings, listBookings } from '../src/booking/booking.queries.js';
import { listChanges, openChangesOf } from '../src/booking/change/change.queries.js';
import { listBlocks } from '../src/calendar/block.queries.js';
import { blockedRanges } from '../src/calendar/calendar-publisher.queries.js';
import { findStaleHolds } from '../src/calendar/calendar.queries.js';
import { nightsToExport, occupiedNights } from '../src/calendar/occupied-nights.queries.js';
import { eventsByFeed } from '../src/feed/feed-event.queries.js';
import { logOf } from '../src/feed/feed-log.queries.js';
import { claimDueFeed, feedsOf } from '../src/feed/feed.queries.js';
import { computeFigures } from '../src/host-figures/host-figures.queries.js';
import { listCalendarsOfHost } from '../src/listing-snapshot/listing-snapshot.queries.js';
import {
  enquiryOverLimit,
  findThreads,
  lastMessages,
  listMessages,
  listThreads,
  messageOverLimit,
} from '../src/message/message.queries.js';
import { listAllThreads } from '../src/message/thread-admin.queries.js';
import { deleteBookingTexts, deleteThreads } from '../src/retention/retention.queries.js';
import { useBookings } from './bookings.fixture.js';

const BOOKINGS = 20_000;
const LISTINGS = 10_000;
const now = new Date('2027-05-12T16:00:00Z');
const later = new Date('2028-01-01T00:00:00Z');
const bookings = useBookings();
/** A guest with 40 bookings and threads. */
const guestId = randomUUID();
/** A host with 400 bookings and threads. */
const hostId = randomUUID();

/** A booking of the host that has a thread. */
let bookingId: string;
let bookingIds: string[];
/** A listing that has a feed. */
let listing: number;
let listings: number[];
let feedId: string;

beforeAll(async () => {
  const query = <Row extends object>(statement: string, values: unknown[] = []) =>
    bookings.service.query<Row & Record<string, unknown>>(statement, values);
  await query(
    `WITH made AS (
       INSERT INTO listing_snapshot (listing_id, version, host_id, status, title, time_zone, check_in_from, check_out_until,
         currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy)
       SELECT gen_random_uuid(), 1, CASE WHEN n % 400 = 0 THEN $1::uuid ELSE gen_random_uuid() END, 'published', 'A flat',
         'UTC', '15:00', '11:00', 'USD', 'instant', 4, 0, '{"basePriceMinor": 100}', '{"preparationNights": 1}', 'flexible'
       FROM generate_series(1, $2::int) n RETURNING listing_id)
     INSERT INTO calendar_listing (public_id) SELECT listing_id FROM made`,
    [hostId, LISTINGS],
  );
  await query('INSERT INTO listing_space (listing_id, space_id) SELECT id, id FROM calendar_listing');
  // Each listing has two stays, one after the other; every fifth has a feed and blocks.
  await query(
    `WITH numbered AS (
       SELECT l.id, l.public_id, row_number() OVER (ORDER BY l.id) - 1 AS n FROM calendar_listing l)
     INSERT INTO booking (id, owner_id, quote_id, state, listing_id, calendar_listing_id, host_id, guest_id, booking_mode,
       cancellation_policy, time_zone, check_in_from, check_out_until, check_in_date, check_out_date, check_in_at,
       check_out_at, preparation_nights, guests, currency, price, total_minor, host_payout_minor, refund_schedule,
       created_at, updated_at, due_at, confirmed_at)
     SELECT uuidv7(), nextval('calendar_owner'), gen_random_uuid(), CASE WHEN b.n % 100 = 0 THEN 'confirmed' ELSE 'completed' END,
       l.public_id, l.id, CASE WHEN b.n % 50 = 0 THEN $1::uuid ELSE gen_random_uuid() END,
       CASE WHEN b.n % 500 = 1 THEN $2::uuid ELSE gen_random_uuid() END, 'instant', 'flexible', 'UTC', '15:00', '11:00',
       d.first, d.first + 3, d.first, d.first + 3, 1, '{"adults": 1, "children": [], "infants": 0, "pets": 0}', 'USD',
       '{"lines": []}', 100, 100, '[]', $3, $3,
       CASE WHEN b.n % 100 = 0 THEN $3::timestamptz + b.n * interval '1 minute' END, $3
     FROM generate_series(0, $4::int - 1) AS b (n) JOIN numbered l ON l.n = b.n % $5::int
     CROSS JOIN LATERAL (SELECT date '2027-06-01' + (b.n / $5::int) * 7 AS first) d`,
    [hostId, guestId, now, BOOKINGS, LISTINGS],
  );
  await query(
    `INSERT INTO booking_history (booking_id, version, at, by, event, to_state)
     SELECT id, v, $1, 'system', 'check_in', 'in_stay' FROM booking CROSS JOIN generate_series(1, 4) v`,
    [now],
  );
  await query(
    `WITH changed AS (
       INSERT INTO booking_change (id, booking_id, state, proposed_by, check_in_date, check_out_date, check_in_at,
         check_out_at, guests, price, total_minor, host_payout_minor, difference_minor, holds_nights, expires_at,
         created_at, updated_at)
       SELECT uuidv7(), id, 'proposed', 'guest', check_in_date, check_out_date, check_in_at, check_out_at, guests, price, 1,
         1, 1, false, $1, $1, $1 FROM booking WHERE state = 'confirmed'
       RETURNING id, booking_id)
     UPDATE booking b SET open_change_id = changed.id FROM changed WHERE changed.booking_id = b.id`,
    [later],
  );
  await query(
    `INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
     SELECT calendar_listing_id, calendar_listing_id, owner_id, 'stay', daterange(check_in_date, check_out_date), true
     FROM booking`,
  );
  await query(
    `INSERT INTO thread (id, listing_id, booking_id, guest_id, host_id, last_seq, created_at, opened_at)
     SELECT id, listing_id, CASE WHEN n % 2 = 0 THEN id END, guest_id, host_id, 3 * n, created_at, created_at
     FROM (SELECT *, row_number() OVER () AS n FROM booking WHERE guest_id <> host_id) b`,
  );
  await query(
    `INSERT INTO message (id, seq, thread_id, sender_id, text, hidden, sent_at, written_at)
     SELECT uuidv7(), last_seq - v, id, CASE WHEN v = 1 THEN host_id ELSE guest_id END, 'Hello', '{}', created_at,
       created_at - v * interval '1 minute' FROM thread CROSS JOIN generate_series(0, 2) v`,
  );
  await query(
    `INSERT INTO calendar_feed (id, listing_id, name, url, url_hash, next_poll_at, created_at)
     SELECT uuidv7(), id, 'Elsewhere', '', int4send(id::int), $1::timestamptz + id * interval '1 second', $1
     FROM calendar_listing WHERE id % 5 = 0`,
    [now],
  );
  await query(
    `INSERT INTO calendar_feed_log (feed_id, at, cause, outcome, clashes)
     SELECT id, $1, 'poll', 'unchanged', '[]' FROM calendar_feed CROSS JOIN generate_series(1, 20) v`,
    [now],
  );
  await query(
    `INSERT INTO calendar_feed_event (feed_id, key, from_date, to_date, own)
     SELECT id, v::text, '2027-06-01', '2027-06-03', false FROM calendar_feed CROSS JOIN generate_series(1, 20) v`,
  );
  await query(
    `INSERT INTO calendar_block (id, listing_id, from_date, to_date, note, created_at)
     SELECT uuidv7(), id, date '2028-01-01' + v * 7, date '2028-01-03' + v * 7, '', $1
     FROM calendar_listing CROSS JOIN generate_series(1, 10) v WHERE calendar_listing.id % 5 = 0`,
    [now],
  );
  await query(
    `INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
     SELECT listing_id, listing_id, owner_id, 'block', daterange(from_date, to_date), true FROM calendar_block`,
  );
  await query('ANALYZE');
  const ofHost = await query<{ id: string }>(
    `SELECT id FROM booking WHERE host_id = $1 ORDER BY id DESC LIMIT 100`,
    [hostId],
  );
  bookingIds = ofHost.map(({ id }) => id);
  bookingId = bookingIds[0] ?? '';
  const numbers = await query<{ id: string }>(
    'SELECT id FROM calendar_listing WHERE id % 5 = 0 ORDER BY id LIMIT 100',
  );
  listings = numbers.map(({ id }) => Number(id));
  listing = listings[0] ?? 0;
  feedId = (await query<{ id: string }>('SELECT id FROM calendar_feed LIMIT 1'))[0]?.id ?? '';
}, 120_000);

const plans = (work: (em: EntityManager) => Promise<unknown>, options = {}) =>
  queryPlans(
    bookings.service,
    /\b(from|join|update) "?(booking|booking_history|booking_change|thread|message|calendar_\w+|occupied)\b/i,
    work,
    options,
  );

const page = { limit: 20, before: null };
const middleSeq = 30_000;
const june = { from: '2027-06-01', to: '2027-07-01' };

type Work = (em: EntityManager) => Promise<unknown>;

test.each<[string, string, Work]>([
  ['bookings of a guest', 'booking_by_guest', (em) => listBookings(em, guestId, { ...page, role: 'guest' })],
  ['bookings of a host', 'booking_by_host', (em) => listBookings(em, hostId, { ...page, role: 'host' })],
  [
    'bookings of a host, next page',
    'booking_by_host',
    (em) => listBookings(em, hostId, { ...page, role: 'host', before: bookingId }),
  ],
  [
    'bookings in a state',
    'booking_by_host',
    (em) => listBookings(em, hostId, { ...page, role: 'host', state: 'confirmed' }),
  ],
  [
    'bookings between two dates',
    'booking_by_guest',
    (em) => listBookings(em, guestId, { ...page, ...june, role: 'guest' }),
  ],
  [
    'bookings by all filters, next page',
    'booking_by_host',
    (em) =>
      listBookings(em, hostId, { ...page, ...june, role: 'host', state: 'completed', before: bookingId }),
  ],
  ['all bookings', 'booking_pkey', (em) => listAllBookings(em, page)],
  ['all bookings, next page', 'booking_pkey', (em) => listAllBookings(em, { ...page, before: bookingId })],
  ['the booking of an id', 'booking_pkey', (em) => listAllBookings(em, { ...page, id: bookingId })],
  ['all bookings of a guest', 'booking_by_guest', (em) => listAllBookings(em, { ...page, guestId })],
  ['all bookings of a host', 'booking_by_host', (em) => listAllBookings(em, { ...page, hostId })],
  [
    'all bookings of a listing',
    'booking_by_listing',
    (em) => listAllBookings(em, { ...page, listingId: randomUUID() }),
  ],
  [
    'all bookings in a rare state',
    'booking_in_rare_state',
    (em) => listAllBookings(em, { ...page, state: 'awaiting_host' }),
  ],
  [
    'all bookings by check-in',
    'booking_by_check_in',
    (em) => listAllBookings(em, { ...page, checkInFrom: '2027-09-01', checkInTo: '2027-09-02' }),
  ],
  [
    'all bookings by creation',
    'booking_by_creation',
    (em) => listAllBookings(em, { ...page, createdFrom: later.toISOString() }),
  ],
  ['due bookings', 'booking_due', (em) => dueBookings(em, now, null, 100)],
  [
    'due bookings, next page',
    'booking_due',
    (em) => dueBookings(em, now, { dueAt: now, id: bookingId }, 100),
  ],
  ['the history of a booking', 'booking_history_by_booking', (em) => historyOf(em, [bookingId])],
  ['threads of a guest', 'thread_by_guest', (em) => listThreads(em, guestId, { ...page, role: 'guest' })],
  ['threads of a host', 'thread_by_host', (em) => listThreads(em, hostId, { ...page, role: 'host' })],
  [
    'threads of a host, next page',
    'thread_by_host',
    (em) => listThreads(em, hostId, { ...page, role: 'host', before: middleSeq }),
  ],
  ['all threads', 'thread_newest', (em) => listAllThreads(em, page)],
  ['all threads, next page', 'thread_newest', (em) => listAllThreads(em, { ...page, before: middleSeq })],
  ['all threads of a user', 'thread_by_host', (em) => listAllThreads(em, { ...page, userId: hostId })],
  [
    'all threads of a listing',
    'thread_by_listing',
    (em) => listAllThreads(em, { ...page, listingId: randomUUID() }),
  ],
  ['the thread of a booking', 'thread_by_booking', (em) => listAllThreads(em, { ...page, bookingId })],
  [
    'all threads by creation',
    'thread_by_creation',
    (em) => listAllThreads(em, { ...page, createdFrom: later.toISOString() }),
  ],
  ['messages of a thread', 'message_by_thread', (em) => listMessages(em, [bookingId], 20, null)],
  [
    'messages of a thread, next page',
    'message_by_thread',
    (em) => listMessages(em, [bookingId], 20, middleSeq),
  ],
  ['the sync log of a feed', 'calendar_feed_log_by_feed', (em) => logOf(em, feedId, null, 21)],
  ['the sync log of a feed, next page', 'calendar_feed_log_by_feed', (em) => logOf(em, feedId, '20000', 21)],
  ['the changes of a booking', 'booking_change_by_booking', (em) => listChanges(em, bookingId, null, 21)],
  [
    'the blocks of a listing',
    'calendar_block_by_listing',
    (em) => listBlocks(em, listing, { from: null, after: null, limit: 21 }),
  ],
  ['recent messages of a sender', 'message_by_sender', (em) => messageOverLimit(em, guestId, 2, new Date(0))],
  ['recent enquiries of a guest', 'thread_enquiries', (em) => enquiryOverLimit(em, guestId, 2, new Date(0))],
])('reads %s in index order', async (_, index, work) => {
  const plan = await plans(work);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan/);
  // Sorts at most one page, or the rows of one booking or feed.
  expect(largestSortRows(plan)).toBeLessThanOrEqual(42);
});

test.each<[string, string, Work]>([
  ['threads of both sides', 'thread_by_guest', (em) => listThreads(em, hostId, page)],
  [
    'threads of both sides, next page',
    'thread_by_host',
    (em) => listThreads(em, hostId, { ...page, before: middleSeq }),
  ],
  ['threads by id', 'thread_pkey', (em) => findThreads(em, bookingIds, hostId)],
  ['messages of a hundred threads', 'message_by_thread', (em) => listMessages(em, bookingIds, 20, null)],
  [
    'the last messages of a page of threads',
    'message_by_thread',
    (em) =>
      lastMessages(
        em,
        bookingIds.slice(0, 20).map((id, n) => ({ id, lastSeq: n + 1 })),
      ),
  ],
  ['the histories of a page of bookings', 'booking_history_by_booking', (em) => historyOf(em, bookingIds)],
  [
    'the open changes of a page of bookings',
    'booking_change_pkey',
    async (em) =>
      openChangesOf(em, await listBookings(em, hostId, { ...page, role: 'host', state: 'confirmed' })),
  ],
  ['feeds of a listing', 'calendar_feed_listing_id_url_hash_key', (em) => feedsOf(em, listing)],
  [
    'events of the feeds of a listing',
    'calendar_feed_event_pkey',
    (em) => eventsByFeed(em, listing, '2027-05-12'),
  ],
  ['the next due feed', 'calendar_feed_due', (em) => claimDueFeed(em, now, randomUUID())],
  ['nights to export', 'calendar_entry_space_id', (em) => nightsToExport(em, listing, '2027-05-12', true)],
  [
    'a calendar with blocks',
    'calendar_block_owner_id_key',
    (em) => occupiedNights(em, [listing], june.from, june.to),
  ],
  [
    'the calendars of a page of listings',
    'calendar_entry_space_id',
    (em) => occupiedNights(em, listings, june.from, june.to),
  ],
  [
    'the published nights of a page of listings',
    'calendar_entry_space_id',
    (em) =>
      blockedRanges(
        em,
        listings.map((id) => ({ calendarListingId: id, today: june.from })),
      ),
  ],
])('reads %s from an index, without a sequential scan', async (_, index, work) => {
  const plan = await plans(work);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan/);
});

test('finds the threads and the texts that are not kept from indexes', async () => {
  const before = new Date('2020-01-01T00:00:00Z');
  expect(await plans((em) => deleteThreads(em, { before, limit: 500 }))).toContain('thread_by_creation');
  const texts = await plans((em) => deleteBookingTexts(em, { before, now, limit: 500 }));
  expect(texts).toContain('booking_with_texts');
});

test('reads the listings of a host with a calendar from indexes', async () => {
  const plan = await plans((em) => listCalendarsOfHost(em, hostId, null, 21));
  expect(plan).toContain('listing_snapshot_by_host');
  // The tables of accounts are empty in this spec.
  expect(plan).not.toMatch(/Seq Scan on (listing_snapshot|calendar_listing)\b/);
});

test('computes the figures of a host from indexes', async () => {
  const from = new Date('2026-05-12T16:00:00Z');
  const plan = await plans((em) => computeFigures(em, [hostId], { from, now }));
  for (const index of ['booking_by_host', 'thread_enquiries_of_host', 'message_by_thread'])
    expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan on (booking|booking_history|thread|message)\b/);
});

test.each<[string, Work]>([
  ['calendar-occupied', (em) => occupiedNights(em, [listing], june.from, june.to)],
  ['calendar-blocked', (em) => blockedRanges(em, [{ calendarListingId: listing, today: june.from }])],
  [
    'calendar-stale',
    (em) =>
      findStaleHolds(
        em,
        { calendarListingId: listing, checkInDate: june.from, checkOutDate: june.to, preparationNights: 1 },
        now,
      ),
  ],
  ['booking-quote-used', (em) => isQuoteUsed(em, randomUUID())],
])('reads the named statement %s without a sequential scan for any values', async (_, work) => {
  expect(await plans(work, { generic: true })).not.toMatch(/Seq Scan/);
});

test('detects a sequential scan and a large sort', async () => {
  const scanned = await plans((em) =>
    em.execute(sql`SELECT id FROM message WHERE text = ${'Hello!'} LIMIT 21`),
  );
  expect(scanned).toMatch(/Seq Scan/);
  const sorted = await plans((em) =>
    em.execute(sql`SELECT id FROM thread WHERE host_id = ${hostId} ORDER BY opened_at LIMIT 21`),
  );
  expect(largestSortRows(sorted)).toBeGreaterThan(42);
});
