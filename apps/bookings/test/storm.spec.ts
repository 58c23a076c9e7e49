import { readFileSync } from 'node:fs';
import { aUser, eventually, expectProblem, testParts, type TestResponse } from '@roost/testing';
import pg from 'pg';
import {
  startBookings,
  type BookingsUnderTest,
  type TestBooking,
  type TestListing,
} from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  // However slow the machine: nobody is refused for want of a connection.
  bookings = await startBookings({ env: { DATABASE_WAIT_SECONDS: '60' } });
});
afterAll(() => bookings?.close());

/** Deadlocks that PostgreSQL reported for the database of this spec. */
async function deadlocks(): Promise<string[]> {
  const [{ name } = { name: '' }] = await bookings.service.query<{ name: string }>(
    'SELECT current_database() AS name',
  );
  const log = readFileSync((await testParts()).postgresLog, 'utf8');
  return log.split('\n').filter((line) => line.includes(name) && /deadlock detected/.test(line));
}

async function quotesFor(wishes: { listing: TestListing; checkInDate: string; checkOutDate: string }[]) {
  return await Promise.all(
    wishes.map(async ({ listing, ...stay }) => {
      const guest = aUser();
      return { guest, quote: await bookings.givenQuote(guest, listing, stay) };
    }),
  );
}

async function bookAll(
  quotes: Awaited<ReturnType<typeof quotesFor>>,
): Promise<TestResponse<{ id: string }>[]> {
  return await Promise.all(
    quotes.map(({ guest, quote }) =>
      bookings.as(guest).post<{ id: string }>('/v1/bookings', { quoteId: quote.id }),
    ),
  );
}

function expectOnlyRefusals(answers: TestResponse[]): void {
  for (const answer of answers) expectProblem(answer, 409, 'booking.dates_unavailable');
}

it('200 concurrent bookings of the same nights: one 201, 199 × 409', async () => {
  const listing = await bookings.givenListing();
  const stay = { checkInDate: '2027-06-10', checkOutDate: '2027-06-14' };
  const quotes = await quotesFor(Array.from({ length: 200 }, () => ({ listing, ...stay })));
  const answers = await bookAll(quotes);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expectOnlyRefusals(answers.filter(({ status }) => status !== 201));
  expect(await bookings.overlaps()).toEqual([]);
  expect(await deadlocks()).toEqual([]);
});

it('200 concurrent bookings of overlapping nights with preparation: whoever holds, nothing overlaps', async () => {
  const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
  const wishes = Array.from({ length: 200 }, (_, index) => {
    const first = 1 + ((index * 7) % 20);
    const day = (date: number) => `2027-06-${String(date).padStart(2, '0')}`;
    return { listing, checkInDate: day(first), checkOutDate: day(first + 1 + (index % 4)) };
  });
  const answers = await bookAll(await quotesFor(wishes));
  expect(answers.some(({ status }) => status === 201)).toBe(true);
  expectOnlyRefusals(answers.filter(({ status }) => status !== 201));
  expect(await bookings.overlaps()).toEqual([]);
  expect(await deadlocks()).toEqual([]);
});

it('a house and its rooms under the same storm: never both', async () => {
  const house = await bookings.givenListing({ rules: { preparationNights: 1 } });
  const rooms = await Promise.all(
    Array.from({ length: 5 }, () => bookings.givenListing({ host: house.host })),
  );
  const linked = await bookings
    .as(house.host)
    .put(`/v1/listings/${house.id}/links`, { listingIds: rooms.map((room) => room.id) });
  expect(linked.status).toBe(200);

  const all = [house, ...rooms];
  const wishes = Array.from({ length: 240 }, (_, index) => {
    const first = 1 + ((index * 5) % 12);
    const day = (date: number) => `2027-06-${String(date).padStart(2, '0')}`;
    const listing = all[index % all.length] ?? house;
    return { listing, checkInDate: day(first), checkOutDate: day(first + 1 + (index % 3)) };
  });
  const answers = await bookAll(await quotesFor(wishes));
  expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(1);
  expectOnlyRefusals(answers.filter(({ status }) => status !== 201));

  // Asked of the bookings themselves: the house against each room, and each listing against itself.
  const clashes = await bookings.service.query(
    `SELECT a.id, b.id AS other FROM booking a JOIN booking b ON a.id <> b.id
       AND a.check_in_date < b.check_out_date AND b.check_in_date < a.check_out_date
     WHERE a.state = 'pending_payment' AND b.state = 'pending_payment'
       AND (a.listing_id = b.listing_id OR (a.listing_id = $1 AND b.listing_id = ANY($2::uuid[])))`,
    [house.id, rooms.map((room) => room.id)],
  );
  expect(clashes).toEqual([]);
  expect(await bookings.overlaps()).toEqual([]);
  expect(await deadlocks()).toEqual([]);
});

it('links come and go while guests book and cancel and the host blocks: no night is lost, none is held twice', async () => {
  const house = await bookings.givenListing();
  const { host } = house;
  const rooms = await Promise.all(Array.from({ length: 3 }, () => bookings.givenListing({ host })));
  const all = [house, ...rooms];
  const day = (date: number) => `2027-07-${String(date).padStart(2, '0')}`;
  const wishes = Array.from({ length: 120 }, (_, index) => {
    const first = 1 + ((index * 11) % 24);
    const listing = all[index % all.length] ?? house;
    return { listing, checkInDate: day(first), checkOutDate: day(first + 1 + (index % 3)) };
  });
  const quotes = await quotesFor(wishes);

  const booked = quotes.map(async ({ guest, quote }, index) => {
    const answer = await bookings.as(guest).post<{ id: string }>('/v1/bookings', { quoteId: quote.id });
    if (answer.status !== 201 || index % 2 === 0) return [answer];
    const cancelled = await bookings
      .as(guest)
      .post(`/v1/bookings/${answer.body.id}/cancel`, { reason: 'Plans changed' });
    return [answer, cancelled];
  });
  const linked = (async () => {
    const answers: TestResponse[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const listingIds = rooms.slice(0, turn % 4).map(({ id }) => id);
      answers.push(await bookings.as(host).put(`/v1/listings/${house.id}/links`, { listingIds }));
    }
    return answers;
  })();
  const blocked = Array.from({ length: 20 }, async (_, index) => {
    const path = `/v1/listings/${all[index % 4]?.id}/calendar/blocks`;
    const nights = { from: day(1 + index), to: day(2 + index) };
    const answer = await bookings.as(host).post<{ id: string }>(path, nights);
    if (answer.status !== 201 || index % 2 === 0) return [answer];
    return [answer, await bookings.as(host).delete(`${path}/${answer.body.id}`)];
  });

  const answers = (await Promise.all([...booked, linked, ...blocked])).flat();
  expect(
    [...new Set(answers.map(({ status }) => status))].filter(
      (status) => ![200, 201, 204, 409].includes(status),
    ),
  ).toEqual([]);
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.leaked()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await deadlocks()).toEqual([]);
});

it('bookings, blocks and changes at once on a house and its rooms: nobody overlaps, nothing breaks or leaks', async () => {
  const house = await bookings.givenListing({ rules: { preparationNights: 1 } });
  const rooms = await Promise.all(
    Array.from({ length: 3 }, () => bookings.givenListing({ host: house.host })),
  );
  await bookings
    .as(house.host)
    .put(`/v1/listings/${house.id}/links`, { listingIds: rooms.map((room) => room.id) });
  const day = (date: number) => `2027-06-${String(date).padStart(2, '0')}`;
  const stays: TestBooking[] = [];
  for (const [index, listing] of [rooms[0], rooms[1], rooms[2], rooms[0], house].entries()) {
    if (!listing) continue;
    const first = index < 3 ? 1 + index : 5 + 6 * (index - 2);
    stays.push(
      await bookings.givenConfirmed({ listing, checkInDate: day(first), checkOutDate: day(first + 2) }),
    );
  }
  const quotes = await quotesFor(
    Array.from({ length: 40 }, (_, index) => ({
      listing: [house, ...rooms][index % 4] ?? house,
      checkInDate: day(7 + (index % 3)),
      checkOutDate: day(10 + (index % 2)),
    })),
  );
  const answers = await Promise.all([
    ...quotes.map(({ guest, quote }) => bookings.as(guest).post('/v1/bookings', { quoteId: quote.id })),
    ...Array.from({ length: 40 }, (_, index) => {
      const listing = [house, ...rooms][index % 4] ?? house;
      const nights = { from: day(5 + (index % 20)), to: day(7 + (index % 20)) };
      return bookings.as(house.host).post(`/v1/listings/${listing.id}/calendar/blocks`, nights);
    }),
    ...Array.from({ length: 60 }, async (_, index) => {
      const stay = stays[index % stays.length];
      if (!stay) throw new Error('a stay');
      const first = 1 + ((index * 7) % 22);
      const wish = { checkInDate: day(first), checkOutDate: day(first + 2 + (index % 4)) };
      const proposed = await bookings.propose(stay, wish, index % 2 ? stay.guest : house.host);
      if (proposed.status !== 201) return proposed;
      const change = proposed.body;
      const answer = (['accept', 'decline', 'withdraw'] as const)[index % 3] ?? 'accept';
      const by = answer === 'withdraw' ? change.proposedBy : change.proposedBy === 'guest' ? 'host' : 'guest';
      return await bookings.answerChange(stay, change, answer, by === 'guest' ? stay.guest : house.host);
    }),
  ]);
  const refused = answers.filter(({ status }) => status >= 400);
  const codes = new Set(refused.map(({ body }) => (body as { code: string }).code));
  const expected = [
    'booking.dates_unavailable',
    'calendar.dates_taken',
    'change.already_open',
    'change.nothing_changed',
    'change.transition_not_allowed',
  ];
  expect([...codes].filter((code) => !expected.includes(code))).toEqual([]);
  expect(answers.some(({ status, body }) => status === 200 && 'differenceMinor' in (body as object))).toBe(
    true,
  );
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await bookings.strayHolds()).toEqual([]);
  expect(await deadlocks()).toEqual([]);
});

it('a deadlock would have been seen', async () => {
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
  await eventually(async () => expect(await deadlocks()).not.toEqual([]));
});
