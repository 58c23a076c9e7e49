import { addDays } from '@roost/stay';
import { testUser, eventually, expectProblem, type TestResponse } from '@roost/testing';
import pg from 'pg';
import { useBookings, type TestBooking, type TestListing } from './bookings.fixture.js';

// Long enough for a slow machine: no request may fail for lack of a database connection.
const bookings = useBookings({ env: { DATABASE_WAIT_SECONDS: '60' } });

interface RequestedStay {
  listing: TestListing;
  checkInDate: string;
  checkOutDate: string;
}

const juneDay = (day: number) => addDays('2027-05-31', day);
const julyDay = (day: number) => addDays('2027-06-30', day);

async function quotesFor(stays: RequestedStay[]) {
  return await Promise.all(
    stays.map(async ({ listing, ...stay }) => {
      const guest = testUser();
      return { guest, quote: await bookings.givenQuote(guest, listing, stay) };
    }),
  );
}

async function bookAll(stays: RequestedStay[]): Promise<TestResponse[]> {
  const quotes = await quotesFor(stays);
  return await Promise.all(quotes.map(({ guest, quote }) => bookings.book(guest, quote.id)));
}

/** Every response is 201 or `booking.dates_unavailable`; returns the number of bookings. */
function countCreated(responses: TestResponse[]): number {
  const rejected = responses.filter(({ status }) => status !== 201);
  for (const response of rejected) expectProblem(response, 409, 'booking.dates_unavailable');
  return responses.length - rejected.length;
}

async function expectNoOverlapOrDeadlock(): Promise<void> {
  expect(await bookings.calendar.overlaps()).toEqual([]);
  expect(await bookings.calendar.deadlocks()).toEqual([]);
}

it('accepts one of 200 concurrent bookings of the same nights', async () => {
  const listing = await bookings.givenListing();
  const stay = { checkInDate: '2027-06-10', checkOutDate: '2027-06-14' };
  const responses = await bookAll(Array.from({ length: 200 }, () => ({ listing, ...stay })));
  expect(countCreated(responses)).toBe(1);
  await expectNoOverlapOrDeadlock();
});

it('never double-books in 200 concurrent bookings of overlapping nights with preparation', async () => {
  const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
  const stays = Array.from({ length: 200 }, (_, index) => {
    const first = 1 + ((index * 7) % 20);
    return { listing, checkInDate: juneDay(first), checkOutDate: juneDay(first + 1 + (index % 4)) };
  });
  expect(countCreated(await bookAll(stays))).toBeGreaterThan(0);
  await expectNoOverlapOrDeadlock();
});

it('never double-books a house and its rooms in 240 concurrent bookings', async () => {
  const { house, rooms } = await bookings.givenHouse(5, { rules: { preparationNights: 1 } });
  expect((await bookings.calendar.link(house, rooms)).status).toBe(200);
  const all = [house, ...rooms];
  const stays = Array.from({ length: 240 }, (_, index) => {
    const first = 1 + ((index * 5) % 12);
    const listing = all[index % all.length] ?? house;
    return { listing, checkInDate: juneDay(first), checkOutDate: juneDay(first + 1 + (index % 3)) };
  });
  expect(countCreated(await bookAll(stays))).toBeGreaterThan(1);

  // Checks the bookings themselves: the house against each room, and each listing against itself.
  const clashes = await bookings.service.query(
    `SELECT a.id, b.id AS other FROM booking a JOIN booking b ON a.id <> b.id
       AND a.check_in_date < b.check_out_date AND b.check_in_date < a.check_out_date
     WHERE a.state = 'pending_payment' AND b.state = 'pending_payment'
       AND (a.listing_id = b.listing_id OR (a.listing_id = $1 AND b.listing_id = ANY($2::uuid[])))`,
    [house.id, rooms.map((room) => room.id)],
  );
  expect(clashes).toEqual([]);
  await expectNoOverlapOrDeadlock();
});

it('keeps every night consistent when links change during bookings, cancellations and blocks', async () => {
  const { house, host, rooms } = await bookings.givenHouse(3);
  const all = [house, ...rooms];
  const stays = Array.from({ length: 120 }, (_, index) => {
    const first = 1 + ((index * 11) % 24);
    const listing = all[index % all.length] ?? house;
    return { listing, checkInDate: julyDay(first), checkOutDate: julyDay(first + 1 + (index % 3)) };
  });
  const quotes = await quotesFor(stays);

  const booked = quotes.map(async ({ guest, quote }, index): Promise<TestResponse<unknown>[]> => {
    const response = await bookings.book(guest, quote.id);
    if (response.status !== 201 || index % 2 === 0) return [response];
    const path = `/v1/bookings/${response.body.id}/cancel`;
    return [response, await bookings.as(guest).post(path, { reason: 'Plans changed' })];
  });
  const linked = (async () => {
    const responses: TestResponse<unknown>[] = [];
    for (let turn = 0; turn < 12; turn += 1)
      responses.push(await bookings.calendar.link(house, rooms.slice(0, turn % 4)));
    return responses;
  })();
  const blocked = Array.from({ length: 20 }, async (_, index): Promise<TestResponse<unknown>[]> => {
    const listing = all[index % 4] ?? house;
    const response = await bookings.calendar.block(listing, {
      from: julyDay(1 + index),
      to: julyDay(2 + index),
    });
    if (response.status !== 201 || index % 2 === 0) return [response];
    const path = `/v1/listings/${listing.id}/calendar/blocks/${response.body.id}`;
    return [response, await bookings.as(host).delete(path)];
  });

  const responses = (await Promise.all([...booked, linked, ...blocked])).flat();
  const statuses = [...new Set(responses.map(({ status }) => status))];
  expect(statuses.filter((status) => ![200, 201, 204, 409].includes(status))).toEqual([]);
  expect(await bookings.calendar.orphanedEntries()).toEqual([]);
  expect(await bookings.calendar.missingEntries()).toEqual([]);
  await expectNoOverlapOrDeadlock();
});

it('keeps a house and its rooms consistent during bookings, blocks and changes', async () => {
  const { house, rooms } = await bookings.givenHouse(3, { rules: { preparationNights: 1 } });
  await bookings.calendar.link(house, rooms);
  const all = [house, ...rooms];
  const confirmed: TestBooking[] = [];
  for (const [index, listing] of [rooms[0], rooms[1], rooms[2], rooms[0], house].entries()) {
    if (!listing) continue;
    const first = index < 3 ? 1 + index : 5 + 6 * (index - 2);
    const stay = { checkInDate: juneDay(first), checkOutDate: juneDay(first + 2) };
    confirmed.push(await bookings.givenConfirmed({ listing, ...stay }));
  }
  const quotes = await quotesFor(
    Array.from({ length: 40 }, (_, index) => ({
      listing: all[index % 4] ?? house,
      checkInDate: juneDay(7 + (index % 3)),
      checkOutDate: juneDay(10 + (index % 2)),
    })),
  );
  const responses: TestResponse<unknown>[] = await Promise.all([
    ...quotes.map(({ guest, quote }) => bookings.book(guest, quote.id)),
    ...Array.from({ length: 40 }, (_, index) => {
      const nights = { from: juneDay(5 + (index % 20)), to: juneDay(7 + (index % 20)) };
      return bookings.calendar.block(all[index % 4] ?? house, nights);
    }),
    ...Array.from({ length: 60 }, (_, index) => proposeAndRespond(confirmed, house, index)),
  ]);
  const rejected = responses.filter(({ status }) => status >= 400);
  const codes = new Set(rejected.map(({ body }) => (body as { code: string }).code));
  const expected = [
    'booking.dates_unavailable',
    'calendar.dates_taken',
    'change.already_open',
    'change.nothing_changed',
    'change.transition_not_allowed',
  ];
  expect([...codes].filter((code) => !expected.includes(code))).toEqual([]);
  const isResponseToChange = ({ status, body }: TestResponse<unknown>) =>
    status === 200 && 'differenceMinor' in (body as object);
  expect(responses.some(isResponseToChange)).toBe(true);
  expect(await bookings.calendar.missingEntries()).toEqual([]);
  expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
  await expectNoOverlapOrDeadlock();
});

async function proposeAndRespond(
  confirmed: TestBooking[],
  { host }: TestListing,
  index: number,
): Promise<TestResponse<unknown>> {
  const booking = confirmed[index % confirmed.length] as TestBooking;
  const first = 1 + ((index * 7) % 22);
  const terms = { checkInDate: juneDay(first), checkOutDate: juneDay(first + 2 + (index % 4)) };
  const proposed = await bookings.changes.propose(booking, terms, index % 2 ? booking.guest : host);
  if (proposed.status !== 201) return proposed;
  const response = (['accept', 'decline', 'withdraw'] as const)[index % 3] ?? 'accept';
  const isByGuest = (response === 'withdraw') === (proposed.body.proposedBy === 'guest');
  const by = isByGuest ? booking.guest : host;
  return await bookings.changes.respond(booking, proposed.body, response, { by });
}

it('detects a deadlock in the log', async () => {
  const [a, b] = await Promise.all(
    [1, 2].map(async () => {
      const client = new pg.Client({ connectionString: bookings.service.env['DATABASE_URL'] });
      await client.connect();
      await client.query('BEGIN');
      return client;
    }),
  );
  await a?.query('SELECT pg_advisory_xact_lock(1)');
  await b?.query('SELECT pg_advisory_xact_lock(2)');
  const outcomes = await Promise.allSettled([
    a?.query('SELECT pg_advisory_xact_lock(2)'),
    b?.query('SELECT pg_advisory_xact_lock(1)'),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await Promise.all([a?.end(), b?.end()]);
  await eventually(async () => expect(await bookings.calendar.deadlocks()).not.toEqual([]));
});
