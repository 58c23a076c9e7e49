import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { aUser, testParts, type TestResponse } from '@roost/testing';
import type { BookingChange } from '../src/booking/change/change.dto.js';
import { FeedNetwork } from '../src/feed/feed-network.js';
import { FeedSync } from '../src/feed/feed-sync.service.js';
import {
  startBookings,
  type BookingsUnderTest,
  type TestBooking,
  type TestListing,
} from './bookings.fixture.js';
import { FeedServer, ical, SpecNetwork } from './feed-server.fixture.js';

jest.setTimeout(180_000);

let bookings: BookingsUnderTest;
let elsewhere: FeedServer;

beforeAll(async () => {
  // However slow the machine: nobody is refused for want of a connection.
  bookings = await startBookings({ env: { DATABASE_WAIT_SECONDS: '60' } });
  elsewhere = await FeedServer.start();
  new SpecNetwork(() => [elsewhere.port]).takeOver(bookings.service.get(FeedNetwork));
});
afterAll(async () => {
  await bookings?.close();
  await elsewhere?.close();
});

/** A night of the six weeks that all of them want, from June on. */
const day = (number: number): string =>
  new Date(Date.UTC(2027, 5, 1) + number * 86_400_000).toISOString().slice(0, 10);

/** The same, as iCalendar writes it within a year. */
const icalDay = (number: number): string => day(number).slice(5).replace('-', '');

interface Stay {
  listing: TestListing;
  checkInDate: string;
  checkOutDate: string;
}

async function deadlocks(): Promise<string[]> {
  const [{ name } = { name: '' }] = await bookings.service.query<{ name: string }>(
    'SELECT current_database() AS name',
  );
  const log = readFileSync((await testParts()).postgresLog, 'utf8');
  return log.split('\n').filter((line) => line.includes(name) && /deadlock detected/.test(line));
}

/** Two lives of one place that meet, house and room included; asked of bookings, changes and blocks, not of the calendar. */
async function meetings(house: string, rooms: string[]): Promise<unknown[]> {
  return await bookings.service.query(
    `WITH taken AS (
       SELECT id::text, id::text AS owner, listing_id, check_in_date AS first, check_out_date AS last, true AS stay
       FROM booking WHERE state NOT IN ('cancelled', 'declined', 'expired')
       UNION ALL
       SELECT c.id::text, b.id::text, b.listing_id, c.check_in_date, c.check_out_date, true
       FROM booking_change c JOIN booking b ON b.id = c.booking_id WHERE c.state IN ('proposed', 'awaiting_payment')
       UNION ALL
       SELECT k.id::text, k.id::text, l.public_id, k.from_date, k.to_date, false
       FROM calendar_block k JOIN calendar_listing l ON l.id = k.listing_id)
     SELECT a.id, b.id AS other, a.first, a.last, b.first AS "otherFirst", b.last AS "otherLast"
     FROM taken a JOIN taken b ON a.owner < b.owner AND (a.stay OR b.stay) AND a.first < b.last AND b.first < a.last
       AND (a.listing_id = b.listing_id OR (a.listing_id = $1 AND b.listing_id = ANY($2::uuid[]))
         OR (b.listing_id = $1 AND a.listing_id = ANY($2::uuid[])))`,
    [house, rooms],
  );
}

it('500 concurrent bookings of overlapping nights of one listing: exactly one holds', async () => {
  const listing = await bookings.givenListing();
  const quotes = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const guest = aUser();
      // All of them want the night of the 10th.
      const first = 10 - (index % 4);
      const stay = { checkInDate: day(first), checkOutDate: day(11 + (index % 3)) };
      return { guest, quote: await bookings.givenQuote(guest, listing, stay) };
    }),
  );
  const answers = await Promise.all(
    quotes.map(({ guest, quote }) =>
      bookings.as(guest).post<{ code?: string }>('/v1/bookings', { quoteId: quote.id }),
    ),
  );
  expect(tally(answers)).toEqual({ '201': 1, '409 booking.dates_unavailable': 499 });
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await deadlocks()).toEqual([]);
});

it('500 bookings, changes, blocks, imports, feeds and cancellations of a house and its rooms at once: nobody meets', async () => {
  const house = await bookings.givenListing({ rules: { preparationNights: 1 } });
  const { host } = house;
  const rooms = await Promise.all(Array.from({ length: 4 }, () => bookings.givenListing({ host })));
  const all = [house, ...rooms];
  const ids = rooms.map(({ id }) => id);
  const linked = await bookings.as(host).put(`/v1/listings/${house.id}/links`, { listingIds: ids });
  expect(linked.status).toBe(200);
  const where = (index: number) => all[index % all.length] ?? house;
  const admin = aUser({ roles: ['admin'] });

  // Two calendars elsewhere per place: at first they take nights that nobody wants, in the storm each reading finds others.
  let readings = 0;
  let stormy = false;
  elsewhere.answer((_, response) => {
    const event = (index: number): Parameters<typeof ical>[0] => {
      const first = stormy ? (readings * 5 + index * 20) % 56 : 80 + 10 * index;
      return [`${index}`, icalDay(first), icalDay(first + 2)];
    };
    readings += 1;
    response.writeHead(200, { 'content-type': 'text/calendar' }).end(ical(event(0), event(1)));
  });
  const feeds: string[] = [];
  for (const [index, { id }] of [...all, ...all].entries()) {
    const made = await bookings.as(host).post<{ id: string }>(`/v1/listings/${id}/calendar/feeds`, {
      url: elsewhere.url('feeds.example', `/${index}.ics`),
      name: 'Elsewhere',
    });
    expect(made.status).toBe(201);
    feeds.push(made.body.id);
  }

  // In the rooms first, side by side: those that will be changed and cancelled.
  const confirmed: TestBooking[] = [];
  for (let index = 0; index < 40; index++) {
    const first = Math.floor(index / 4) * 4;
    confirmed.push(
      await bookings.givenConfirmed({
        listing: rooms[index % 4] ?? house,
        checkInDate: day(first),
        checkOutDate: day(first + 2),
      }),
    );
  }
  const wishes: Stay[] = Array.from({ length: 260 }, (_, index) => {
    const first = (index * 7) % 40;
    return {
      listing: where(index),
      checkInDate: day(first),
      checkOutDate: day(first + 1 + (index % 3)),
    };
  });
  // A quote is refused for nights that are taken already; those guests want the weeks after.
  const quotes = await Promise.all(
    wishes.map(async ({ listing, ...stay }, index) => {
      const guest = aUser();
      const asked = await bookings.quote(guest, listing, stay);
      const later = { checkInDate: day(44 + (index % 12)), checkOutDate: day(46 + (index % 12)) };
      const quote = asked.status === 201 ? asked.body : await bookings.givenQuote(guest, listing, later);
      return { guest, quote };
    }),
  );

  const booked = quotes.map(({ guest, quote }) =>
    bookings.as(guest).post('/v1/bookings', { quoteId: quote.id }),
  );
  const changed = Array.from({ length: 100 }, async (_, index): Promise<TestResponse[]> => {
    const booking = confirmed[index % confirmed.length] as TestBooking;
    const { checkInDate, checkOutDate } = booking.dto;
    const moved = (date: string, days: number) =>
      day((Date.parse(date) - Date.UTC(2027, 5, 1)) / 86_400_000 + days);
    const by = index % 2 === 0 ? booking.guest : host;
    const proposed = await bookings.as(by).post<BookingChange>(`/v1/bookings/${booking.id}/changes`, {
      checkInDate: moved(checkInDate, index % 3),
      checkOutDate: moved(checkOutDate, 1 + (index % 4)),
    });
    if (proposed.status !== 201) return [proposed];
    const other = by === host ? booking.guest : host;
    const deed = index % 5 === 0 ? 'decline' : 'accept';
    return [
      proposed,
      await bookings.as(other).post(`/v1/bookings/${booking.id}/changes/${proposed.body.id}/${deed}`),
    ];
  });
  const blocked = Array.from({ length: 60 }, async (_, index): Promise<TestResponse[]> => {
    const path = `/v1/listings/${where(index).id}/calendar/blocks`;
    const nights = { from: day((index * 3) % 56), to: day(((index * 3) % 56) + 1 + (index % 2)) };
    const made = await bookings.as(host).post<{ id: string }>(path, nights);
    return made.status === 201 && index % 3 === 0
      ? [made, await bookings.as(host).delete(`${path}/${made.body.id}`)]
      : [made];
  });
  const imported = Array.from({ length: 30 }, (_, index) => {
    const from = (index * 5) % 56;
    const row = {
      externalId: String(index),
      listingId: where(index).id,
      blocked: [{ from: day(from), to: day(from + 2) }],
    };
    return bookings.as(admin).post('/v1/admin/imports/blocks', { source: `feed-${index % 6}`, rows: [row] });
  });
  const sync = bookings.service.get(FeedSync);
  const readingsBefore = readings;
  stormy = true;
  // A feed that is being read is left alone: what fails throws.
  const fed = Array.from({ length: 30 }, async (_, index) => {
    await sync.syncOne(feeds[index % feeds.length]);
  });
  const cancelled = confirmed.slice(0, 20).map((booking, index) => {
    const by = index % 2 === 0 ? booking.guest : host;
    return bookings.as(by).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' });
  });

  const asked = [...booked, ...changed, ...blocked, ...imported, ...cancelled];
  expect(asked.length + fed.length).toBe(500);
  const [answers] = await Promise.all([Promise.all(asked).then((all) => all.flat()), Promise.all(fed)]);
  expect(readings - readingsBefore).toBeGreaterThanOrEqual(feeds.length);
  const [settled] = await bookings.service.query<{ feeds: number }>(
    `SELECT count(*)::int AS feeds FROM calendar_feed WHERE imported_at IS NOT NULL AND problem IS NULL`,
  );
  expect(settled).toEqual({ feeds: feeds.length });
  const wrong = answers.filter(({ status }) => ![200, 201, 204, 409, 422].includes(status));
  expect(tally(wrong)).toEqual({});
  const counts = tally(answers);
  for (const outcome of ['200', '201', '409 booking.dates_unavailable', '409 change.already_open'])
    expect(counts[outcome]).toBeGreaterThan(0);

  expect(await meetings(house.id, ids)).toEqual([]);
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await bookings.strayHolds()).toEqual([]);
  expect(await deadlocks()).toEqual([]);
});

it('a meeting would have been seen', async () => {
  const house = await bookings.givenListing();
  const room = await bookings.givenListing({ host: house.host });
  await bookings.givenBooking({ listing: house });
  await bookings.givenBooking({ listing: room });
  expect(await meetings(house.id, [])).toEqual([]);
  expect(await meetings(house.id, [room.id])).toHaveLength(1);
});

/** How often each answer came. */
function tally(answers: readonly TestResponse<{ code?: string }>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = body?.code ? `${status} ${body.code}` : String(status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
