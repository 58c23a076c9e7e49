import { jest } from '@jest/globals';
import { addDays } from '@roost/stay';
import { testUser, type TestResponse } from '@roost/testing';
import { FeedSync } from '../src/feed/feed-sync.service.js';
import { useBookings, type TestBooking, type TestListing } from './bookings.fixture.js';
import { ical } from './feed-server.fixture.js';
import { useFeeds } from './feeds.fixture.js';

jest.setTimeout(180_000);

// Long enough for a slow machine: no request may fail for lack of a database connection.
const bookings = useBookings({ env: { DATABASE_WAIT_SECONDS: '60' } });
const feeds = useFeeds(bookings);

const firstDay = '2027-06-01';
/** A day counted from `firstDay`. All operations compete for the first eight weeks. */
const day = (number: number): string => addDays(firstDay, number);
/** The same day as `ical()` takes it. */
const icalDay = (number: number): string => day(number).slice(5).replace('-', '');

/** How often each status and problem code occurs. */
function tally(responses: readonly TestResponse<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of responses) {
    const { code } = (body ?? {}) as { code?: string };
    const name = code ? `${status} ${code}` : String(status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/**
 * Pairs of overlapping bookings, changes and blocks of one place, linked rooms included. Reads the bookings, changes and
 * blocks, not the calendar.
 */
async function clashes(house: string, rooms: string[]): Promise<unknown[]> {
  return await bookings.service.query(
    `WITH taken AS (
       SELECT id::text, id::text AS owner, listing_id, check_in_date AS first, check_out_date AS last, true AS is_stay
       FROM booking WHERE state NOT IN ('cancelled', 'declined', 'expired')
       UNION ALL
       SELECT c.id::text, b.id::text, b.listing_id, c.check_in_date, c.check_out_date, true
       FROM booking_change c JOIN booking b ON b.id = c.booking_id WHERE c.state IN ('proposed', 'awaiting_payment')
       UNION ALL
       SELECT k.id::text, k.id::text, l.public_id, k.from_date, k.to_date, false
       FROM calendar_block k JOIN calendar_listing l ON l.id = k.listing_id)
     SELECT a.id, b.id AS other, a.first, a.last, b.first AS "otherFirst", b.last AS "otherLast"
     FROM taken a JOIN taken b ON a.owner < b.owner AND (a.is_stay OR b.is_stay) AND a.first < b.last AND b.first < a.last
       AND (a.listing_id = b.listing_id OR (a.listing_id = $1 AND b.listing_id = ANY($2::uuid[]))
         OR (b.listing_id = $1 AND a.listing_id = ANY($2::uuid[])))`,
    [house, rooms],
  );
}

it('accepts one of 500 concurrent bookings of overlapping nights of one listing', async () => {
  const listing = await bookings.givenListing();
  const quotes = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const guest = testUser();
      // Every stay includes the night of day 10.
      const stay = { checkInDate: day(10 - (index % 4)), checkOutDate: day(11 + (index % 3)) };
      return { guest, quote: await bookings.givenQuote(guest, listing, stay) };
    }),
  );
  const responses = await Promise.all(quotes.map(({ guest, quote }) => bookings.book(guest, quote.id)));
  expect(tally(responses)).toEqual({ '201': 1, '409 booking.dates_unavailable': 499 });
  expect(await bookings.calendar.overlaps()).toEqual([]);
  expect(await bookings.calendar.missingEntries()).toEqual([]);
  expect(await bookings.calendar.deadlocks()).toEqual([]);
});

describe('a house with linked rooms', () => {
  let house: TestListing;
  let rooms: TestListing[];
  let all: TestListing[];
  const listingAt = (index: number) => all[index % all.length] ?? house;

  /** How often the feed server was read. */
  let reads = 0;
  let contended = false;

  /** Two feeds per listing. Before the contention their nights are free; during it, each read returns other nights. */
  async function givenFeeds(): Promise<string[]> {
    feeds.server.respondWith((_, response) => {
      const event = (index: number): Parameters<typeof ical>[0] => {
        const first = contended ? (reads * 5 + index * 20) % 56 : 80 + 10 * index;
        return [`${index}`, icalDay(first), icalDay(first + 2)];
      };
      reads += 1;
      response.writeHead(200, { 'content-type': 'text/calendar' }).end(ical(event(0), event(1)));
    });
    const ids: string[] = [];
    for (const [index, listing] of [...all, ...all].entries()) {
      const url = feeds.server.url('feeds.example', `/${index}.ics`);
      const { status, body } = await feeds.add(listing, { url, name: 'Elsewhere' });
      expect(status).toBe(201);
      ids.push(body.id);
    }
    return ids;
  }

  /** Bookings of the rooms, which the contention changes and cancels. */
  async function givenConfirmedBookings(): Promise<TestBooking[]> {
    const confirmed: TestBooking[] = [];
    for (let index = 0; index < 40; index++) {
      const first = Math.floor(index / 4) * 4;
      const stay = { checkInDate: day(first), checkOutDate: day(first + 2) };
      confirmed.push(await bookings.givenConfirmed({ listing: rooms[index % 4] ?? house, ...stay }));
    }
    return confirmed;
  }

  /** A quote for taken nights is rejected; such a guest requests nights of the last weeks. */
  async function givenQuotes() {
    return await Promise.all(
      Array.from({ length: 260 }, async (_, index) => {
        const guest = testUser();
        const first = (index * 7) % 40;
        const stay = { checkInDate: day(first), checkOutDate: day(first + 1 + (index % 3)) };
        const { status, body } = await bookings.quote(guest, listingAt(index), stay);
        if (status === 201) return { guest, quote: body };
        const later = { checkInDate: day(44 + (index % 12)), checkOutDate: day(46 + (index % 12)) };
        return { guest, quote: await bookings.givenQuote(guest, listingAt(index), later) };
      }),
    );
  }

  async function proposeAndRespond(booking: TestBooking, index: number): Promise<TestResponse<unknown>[]> {
    const { checkInDate, checkOutDate } = booking.dto;
    const terms = {
      checkInDate: addDays(checkInDate, index % 3),
      checkOutDate: addDays(checkOutDate, 1 + (index % 4)),
    };
    const [by, other] = index % 2 === 0 ? [booking.guest, house.host] : [house.host, booking.guest];
    const proposed = await bookings.changes.propose(booking, terms, by);
    if (proposed.status !== 201) return [proposed];
    const response = index % 5 === 0 ? 'decline' : 'accept';
    return [proposed, await bookings.changes.respond(booking, proposed.body, response, { by: other })];
  }

  async function blockAndRelease(index: number): Promise<TestResponse<unknown>[]> {
    const listing = listingAt(index);
    const from = (index * 3) % 56;
    const nights = { from: day(from), to: day(from + 1 + (index % 2)) };
    const created = await bookings.calendar.block(listing, nights);
    if (created.status !== 201 || index % 3 !== 0) return [created];
    const path = `/v1/listings/${listing.id}/calendar/blocks/${created.body.id}`;
    return [created, await bookings.as(house.host).delete(path)];
  }

  async function importNights(index: number): Promise<TestResponse<unknown>[]> {
    const from = (index * 5) % 56;
    const row = {
      externalId: String(index),
      listingId: listingAt(index).id,
      blocked: [{ from: day(from), to: day(from + 2) }],
    };
    const body = { source: `feed-${index % 6}`, rows: [row] };
    return [await bookings.as(testUser({ roles: ['admin'] })).post('/v1/admin/imports/blocks', body)];
  }

  beforeAll(async () => {
    ({ house, rooms } = await bookings.givenHouse(4, { rules: { preparationNights: 1 } }));
    all = [house, ...rooms];
    expect((await bookings.calendar.link(house, rooms)).status).toBe(200);
  });

  it('stays consistent in 500 concurrent bookings, changes, blocks, imports, feed syncs and cancellations', async () => {
    const feedIds = await givenFeeds();
    const confirmed = await givenConfirmedBookings();
    const quotes = await givenQuotes();
    const sync = bookings.service.get(FeedSync);
    const readsBefore = reads;
    contended = true;

    const operations: Promise<TestResponse<unknown>[]>[] = [
      ...quotes.map(async ({ guest, quote }) => [await bookings.book(guest, quote.id)]),
      ...Array.from({ length: 100 }, (_, index) =>
        proposeAndRespond(confirmed[index % confirmed.length] as TestBooking, index),
      ),
      ...Array.from({ length: 60 }, (_, index) => blockAndRelease(index)),
      ...Array.from({ length: 30 }, (_, index) => importNights(index)),
      ...confirmed
        .slice(0, 20)
        .map(async (booking, index) => [await bookings.cancel(booking, index % 2 === 0 ? 'guest' : 'host')]),
    ];
    // A feed with a running sync is skipped; any other failure throws.
    const syncs = Array.from({ length: 30 }, (_, index) =>
      sync.syncOne(feedIds[index % feedIds.length] ?? ''),
    );
    expect(operations.length + syncs.length).toBe(500);
    const [groups] = await Promise.all([Promise.all(operations), Promise.all(syncs)]);
    const responses = groups.flat();

    expect(reads - readsBefore).toBeGreaterThanOrEqual(feedIds.length);
    const [imported] = await bookings.service.query<{ feeds: number }>(
      'SELECT count(*)::int AS feeds FROM calendar_feed WHERE imported_at IS NOT NULL AND problem IS NULL',
    );
    expect(imported).toEqual({ feeds: feedIds.length });
    const unexpected = responses.filter(({ status }) => ![200, 201, 204, 409, 422].includes(status));
    expect(tally(unexpected)).toEqual({});
    const counts = tally(responses);
    for (const outcome of ['200', '201', '409 booking.dates_unavailable', '409 change.already_open'])
      expect(counts[outcome]).toBeGreaterThan(0);

    const roomIds = rooms.map(({ id }) => id);
    expect(await clashes(house.id, roomIds)).toEqual([]);
    expect(await bookings.calendar.overlaps()).toEqual([]);
    expect(await bookings.calendar.missingEntries()).toEqual([]);
    expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
    expect(await bookings.calendar.deadlocks()).toEqual([]);
  });
});

it('detects a clash of a house and an unlinked room', async () => {
  const { house, rooms } = await bookings.givenHouse(1);
  await bookings.givenBooking({ listing: house });
  await bookings.givenBooking({ listing: rooms[0] });
  expect(await clashes(house.id, [])).toEqual([]);
  expect(await clashes(house.id, [rooms[0].id])).toHaveLength(1);
});
