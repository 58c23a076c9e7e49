import { randomUUID } from 'node:crypto';
import { testUser, eventually, expectProblem } from '@roost/testing';
import { juneStay, useBookings, type TestListing } from './bookings.fixture.js';

interface Result {
  externalId: string | null;
  id: string | null;
  outcome: string;
  code: string | null;
  pointer: string | null;
  detail: string | null;
}

const bookings = useBookings({ resetClock: true });
const admin = testUser({ roles: ['admin'] });

const send = (rows: unknown[], source = 'elsewhere', by = admin) =>
  bookings.as(by).post<{ results: Result[] }>('/v1/admin/imports/blocks', { source, rows });

const aRow = (listing: { id: string }, ...blocked: [from: string, to: string][]) => ({
  externalId: listing.id,
  listingId: listing.id,
  blocked: blocked.map(([from, to]) => ({ from: `2027-06-${from}`, to: `2027-06-${to}` })),
});

async function imported(listing: TestListing, ...blocked: [from: string, to: string][]): Promise<Result> {
  const { status, body } = await send([aRow(listing, ...blocked)]);
  expect(status).toBe(200);
  const [result] = body.results;
  if (!result) throw new Error('no result');
  return result;
}

async function reasonsByDay(listing: TestListing): Promise<Record<string, string>> {
  const days = await bookings.calendar.hostDays(listing, { from: '2027-06-01', to: '2027-07-01' });
  const unavailable = days.filter(({ reason }) => reason !== null);
  return Object.fromEntries(unavailable.map(({ date, reason }) => [date.slice(-2), reason ?? '']));
}

const entries = (listing: TestListing) =>
  bookings.service.query<{ nights: string; live: boolean }>(
    `SELECT e.nights::text, e.live FROM calendar_entry e JOIN calendar_listing l ON l.id = e.listing_id
     WHERE l.public_id = $1 AND e.kind = 'import' ORDER BY lower(e.nights)`,
    [listing.id],
  );

describe('200', () => {
  it('creates one entry per range of nights, rejects overlapping stays and accepts adjacent stays', async () => {
    const listing = await bookings.givenListing();
    expect(await imported(listing, ['01', '05'], ['20', '22'])).toEqual({
      externalId: listing.id,
      id: listing.id,
      outcome: 'created',
      code: null,
      pointer: null,
      detail: null,
    });
    expect(
      await bookings.service.query('SELECT action FROM admin_action WHERE subject_id = $1', [listing.id]),
    ).toEqual([{ action: 'import.blocks' }]);
    expect(await entries(listing)).toEqual([
      { nights: '[2027-06-01,2027-06-05)', live: true },
      { nights: '[2027-06-20,2027-06-22)', live: true },
    ]);
    expect(await reasonsByDay(listing)).toEqual(
      Object.fromEntries(['01', '02', '03', '04', '20', '21'].map((day) => [day, 'import'])),
    );
    const across = { checkInDate: '2027-06-18', checkOutDate: '2027-06-21' };
    expectProblem(await bookings.quote(testUser(), listing, across), 409, 'booking.dates_unavailable');
    await bookings.givenBooking({ listing, checkInDate: '2027-06-05', checkOutDate: '2027-06-20' });
  });

  it('publishes the blocked nights', async () => {
    const listing = await bookings.givenListing();
    await imported(listing, ['10', '12']);
    await eventually(async () => {
      expect(await bookings.calendar.published(listing)).toEqual([
        { listingId: listing.id, blocked: [{ from: '2027-06-10', to: '2027-06-12' }] },
      ]);
    });
  });

  it('does not write unchanged nights and replaces changed nights of the same source only', async () => {
    const listing = await bookings.givenListing();
    await imported(listing, ['01', '05'], ['20', '22']);
    await send([aRow(listing, ['25', '27'])], 'another-source');
    const ids = () =>
      bookings.service.query(
        `SELECT e.id FROM calendar_entry e JOIN calendar_listing l ON l.id = e.listing_id
         WHERE l.public_id = $1 ORDER BY e.id`,
        [listing.id],
      );
    const before = await ids();
    expect(await imported(listing, ['20', '21'], ['01', '03'], ['21', '22'], ['03', '05'])).toMatchObject({
      outcome: 'unchanged',
    });
    expect(await ids()).toEqual(before);
    expect(await imported(listing, ['03', '06'])).toMatchObject({ outcome: 'updated' });
    expect(Object.keys(await reasonsByDay(listing)).sort()).toEqual(['03', '04', '05', '25', '26']);
    expect(await imported(listing)).toMatchObject({ outcome: 'updated' });
    expect(Object.keys(await reasonsByDay(listing)).sort()).toEqual(['25', '26']);
  });

  it('reports nights of bookings as covered and blocks them when the booking is cancelled', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    const result = await imported(listing, ['08', '20']);
    expect(result).toMatchObject({ outcome: 'created', code: 'calendar.dates_taken', pointer: '/blocked' });
    expect(await entries(listing)).toEqual([
      { nights: '[2027-06-08,2027-06-10)', live: true },
      { nights: '[2027-06-10,2027-06-14)', live: false },
      { nights: '[2027-06-14,2027-06-20)', live: true },
    ]);
    expect(await reasonsByDay(listing)).toMatchObject({
      '09': 'import',
      '10': 'booking',
      '13': 'booking',
      '14': 'import',
    });
    expect(await imported(listing, ['08', '20'])).toMatchObject({ outcome: 'unchanged' });
    expect((await bookings.cancel(booking)).status).toBe(200);
    await eventually(async () =>
      expect(await reasonsByDay(listing)).toMatchObject({ '10': 'import', '13': 'import' }),
    );
    expect(await entries(listing)).toEqual([{ nights: '[2027-06-08,2027-06-20)', live: true }]);
    expect(await imported(listing, ['08', '20'])).toMatchObject({ outcome: 'unchanged', code: null });
  });

  it('blocks the remaining nights of a stay that is cancelled in stay', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    await imported(listing, ['08', '20']);
    await bookings.service.clock.set('2027-06-12T16:00:00Z');
    await bookings.cancel(booking);
    await eventually(async () =>
      expect(await entries(listing)).toEqual([
        { nights: '[2027-06-08,2027-06-10)', live: true },
        { nights: '[2027-06-10,2027-06-13)', live: false },
        { nights: '[2027-06-13,2027-06-20)', live: true },
      ]),
    );
  });

  it('expires an overdue hold of the nights', async () => {
    const hold = await bookings.givenBooking();
    await bookings.makeOverdue(hold);
    expect(await imported(hold.listing, ['08', '20'])).toMatchObject({ outcome: 'created', code: null });
    expect(await bookings.stateOf(hold)).toBe('expired');
  });

  it('blocks the rooms of a house and may overlap blocks of the host', async () => {
    const house = await bookings.givenListing();
    const rooms = [
      await bookings.givenListing({ host: house.host }),
      await bookings.givenListing({ host: house.host }),
    ];
    await bookings.calendar.link(house, rooms);
    await bookings.calendar.block(house, { from: '2027-06-11', to: '2027-06-13' });
    expect(await imported(house, ['10', '12'])).toMatchObject({ outcome: 'created', code: null });
    for (const room of rooms) expect(await bookings.calendar.isFree(room, '2027-06-10')).toBe(false);
  });

  it('has one owner per night after an import and 20 concurrent bookings', async () => {
    const listing = await bookings.givenListing();
    const guests = Array.from({ length: 20 }, () => testUser());
    const quotes = await Promise.all(guests.map((guest) => bookings.givenQuote(guest, listing)));
    const [result, ...booked] = await Promise.all([
      imported(listing, ['08', '20']),
      ...quotes.map((quote, index) =>
        bookings.as(guests[index] ?? admin).post('/v1/bookings', { quoteId: quote.id }),
      ),
    ]);
    expect(result.outcome).toBe('created');
    expect(booked.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
    expect(booked.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(await bookings.calendar.overlaps()).toEqual([]);
    expect(Object.keys(await reasonsByDay(listing))).toHaveLength(12);
  });

  it('rejects invalid rows one by one', async () => {
    const listing = await bookings.givenListing();
    const rows = [
      { ...aRow(listing, ['05', '05']), externalId: 'a' },
      { ...aRow(listing, ['05', '31']), externalId: 'b' },
      { ...aRow(listing), externalId: 'c', blocked: [{ from: '2027-06-01', to: '2037-06-01' }] },
      { ...aRow({ id: randomUUID() }, ['05', '06']), externalId: 'd' },
      { ...aRow(listing), externalId: 'e', note: 'x' },
      { ...aRow(listing, ['05', '06']), externalId: 'f' },
      17,
    ];
    const { body } = await send(rows);
    expect(
      body.results.map(({ externalId, outcome, code, pointer }) => [externalId, outcome, code, pointer]),
    ).toEqual([
      ['a', 'refused', 'request.invalid', '/blocked/0/to'],
      ['b', 'refused', 'request.invalid', '/blocked/0/to'],
      ['c', 'refused', 'request.invalid', '/blocked/0/to'],
      ['d', 'refused', 'listing.not_found', null],
      ['e', 'refused', 'request.invalid', '/note'],
      ['f', 'created', null, null],
      [null, 'refused', 'request.invalid', ''],
    ]);
  });
});

it('401: rejects a request without a token; 403: rejects a guest and the host of the listing', async () => {
  const listing = await bookings.givenListing();
  const rows = [aRow(listing, ['10', '14'])];
  expectProblem(
    await bookings.service.anonymous.post('/v1/admin/imports/blocks', { source: 'elsewhere', rows }),
    401,
    'auth.missing_token',
  );
  for (const user of [testUser(), listing.host]) {
    expectProblem(await send(rows, 'elsewhere', user), 403, 'auth.forbidden');
  }
  expect(await bookings.calendar.isFree(listing, juneStay.checkInDate)).toBe(true);
});
