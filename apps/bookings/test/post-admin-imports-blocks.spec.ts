import { randomUUID } from 'node:crypto';
import { aUser, eventually, expectProblem } from '@roost/testing';
import { june, startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

interface Result {
  externalId: string | null;
  id: string | null;
  outcome: string;
  code: string | null;
  pointer: string | null;
  detail: string | null;
}

let bookings: BookingsUnderTest;
const admin = aUser({ roles: ['admin'] });

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

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

async function reasons(listing: TestListing): Promise<Record<string, string>> {
  const { body } = await bookings
    .as(listing.host)
    .get<{ data: { date: string; reason: string | null }[] }>(
      `/v1/listings/${listing.id}/calendar?from=2027-06-01&to=2027-07-01`,
    );
  const taken = body.data.filter(({ reason }) => reason !== null);
  return Object.fromEntries(taken.map(({ date, reason }) => [date.slice(-2), reason ?? '']));
}

const entries = (listing: TestListing) =>
  bookings.service.query<{ nights: string; live: boolean }>(
    `SELECT e.nights::text, e.live FROM calendar_entry e JOIN calendar_listing l ON l.id = e.listing_id
     WHERE l.public_id = $1 AND e.kind = 'import' ORDER BY lower(e.nights)`,
    [listing.id],
  );

describe('200', () => {
  it('blocks one entry per run of nights; a stay across them is refused, one beside them is not', async () => {
    const listing = await bookings.givenListing();
    expect(await imported(listing, ['01', '05'], ['20', '22'])).toEqual({
      externalId: listing.id,
      id: listing.id,
      outcome: 'created',
      code: null,
      pointer: null,
      detail: null,
    });
    expect(await entries(listing)).toEqual([
      { nights: '[2027-06-01,2027-06-05)', live: true },
      { nights: '[2027-06-20,2027-06-22)', live: true },
    ]);
    expect(await reasons(listing)).toEqual(
      Object.fromEntries(['01', '02', '03', '04', '20', '21'].map((day) => [day, 'import'])),
    );
    const across = { checkInDate: '2027-06-18', checkOutDate: '2027-06-21' };
    expectProblem(await bookings.quote(aUser(), listing, across), 409, 'booking.dates_unavailable');
    await bookings.givenBooking({ listing, checkInDate: '2027-06-05', checkOutDate: '2027-06-20' });
  });

  it('tells search what is blocked', async () => {
    const listing = await bookings.givenListing();
    await imported(listing, ['10', '12']);
    await eventually(async () => {
      const told = await bookings.service.published('calendar.changed');
      expect(told.filter(({ listingId }) => listingId === listing.id)).toEqual([
        { listingId: listing.id, blocked: [{ from: '2027-06-10', to: '2027-06-12' }] },
      ]);
    });
  });

  it('again: nothing is written; changed: all of it is replaced, and only of this source', async () => {
    const listing = await bookings.givenListing();
    await imported(listing, ['01', '05'], ['20', '22']);
    await send([aRow(listing, ['25', '27'])], 'another-source');
    const ids = () =>
      bookings.service.query(`SELECT e.id FROM calendar_entry e JOIN calendar_listing l ON l.id = e.listing_id
        WHERE l.public_id = '${listing.id}' ORDER BY e.id`);
    const before = await ids();
    expect(await imported(listing, ['20', '21'], ['01', '03'], ['21', '22'], ['03', '05'])).toMatchObject({
      outcome: 'unchanged',
    });
    expect(await ids()).toEqual(before);
    expect(await imported(listing, ['03', '06'])).toMatchObject({ outcome: 'updated' });
    expect(Object.keys(await reasons(listing)).sort()).toEqual(['03', '04', '05', '25', '26']);
    expect(await imported(listing)).toMatchObject({ outcome: 'updated' });
    expect(Object.keys(await reasons(listing)).sort()).toEqual(['25', '26']);
  });

  it('leaves the nights of our own guests alone, says so, and takes them when they are free', async () => {
    const { listing, ...booking } = await bookings.givenConfirmed();
    const told = await imported(listing, ['08', '20']);
    expect(told).toMatchObject({ outcome: 'created', code: 'calendar.dates_taken', pointer: '/blocked' });
    expect(await entries(listing)).toEqual([
      { nights: '[2027-06-08,2027-06-10)', live: true },
      { nights: '[2027-06-10,2027-06-14)', live: false },
      { nights: '[2027-06-14,2027-06-20)', live: true },
    ]);
    expect(await reasons(listing)).toMatchObject({
      '09': 'import',
      '10': 'booking',
      '13': 'booking',
      '14': 'import',
    });
    expect(await imported(listing, ['08', '20'])).toMatchObject({ outcome: 'unchanged' });
    const cancelled = await bookings
      .as(booking.guest)
      .post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' });
    expect(cancelled.status).toBe(200);
    await eventually(async () =>
      expect(await reasons(listing)).toMatchObject({ '10': 'import', '13': 'import' }),
    );
    expect(await entries(listing)).toEqual([{ nights: '[2027-06-08,2027-06-20)', live: true }]);
    expect(await imported(listing, ['08', '20'])).toMatchObject({ outcome: 'unchanged', code: null });
  });

  it('a stay that is left early gives back the nights that are left of it', async () => {
    const { listing, ...booking } = await bookings.givenConfirmed();
    await imported(listing, ['08', '20']);
    await bookings.service.clock.set('2027-06-12T16:00:00Z');
    try {
      await bookings.as(booking.guest).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' });
      await eventually(async () =>
        expect(await entries(listing)).toEqual([
          { nights: '[2027-06-08,2027-06-10)', live: true },
          { nights: '[2027-06-10,2027-06-13)', live: false },
          { nights: '[2027-06-13,2027-06-20)', live: true },
        ]),
      );
    } finally {
      await bookings.service.clock.set('2027-03-02T12:00:00Z');
    }
  });

  it('a hold that has run out stands in nobody’s way', async () => {
    const hold = await bookings.givenBooking();
    await bookings.givenOverdue(hold);
    expect(await imported(hold.listing, ['08', '20'])).toMatchObject({ outcome: 'created', code: null });
    expect(await bookings.stateOf(hold)).toBe('expired');
  });

  it('a house blocks its rooms, and may overlap what its host blocked', async () => {
    const house = await bookings.givenListing();
    const rooms = [
      await bookings.givenListing({ host: house.host }),
      await bookings.givenListing({ host: house.host }),
    ];
    await bookings
      .as(house.host)
      .put(`/v1/listings/${house.id}/links`, { listingIds: rooms.map(({ id }) => id) });
    await bookings
      .as(house.host)
      .post(`/v1/listings/${house.id}/calendar/blocks`, { from: '2027-06-11', to: '2027-06-13' });
    expect(await imported(house, ['10', '12'])).toMatchObject({ outcome: 'created', code: null });
    for (const room of rooms) expect(await bookings.isFree(room, '2027-06-10')).toBe(false);
  });

  it('an import and 20 bookings at once: each night has one owner', async () => {
    const listing = await bookings.givenListing();
    const guests = Array.from({ length: 20 }, () => aUser());
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
    expect(await bookings.overlaps()).toEqual([]);
    expect(Object.keys(await reasons(listing))).toHaveLength(12);
  });

  it('refuses rows one by one', async () => {
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

it('401 and 403: nobody, a guest, the host of the listing', async () => {
  const listing = await bookings.givenListing();
  const rows = [aRow(listing, ['10', '14'])];
  expectProblem(
    await bookings.service.anonymous.post('/v1/admin/imports/blocks', { source: 'elsewhere', rows }),
    401,
    'auth.missing_token',
  );
  for (const user of [aUser(), listing.host]) {
    expectProblem(await send(rows, 'elsewhere', user), 403, 'auth.forbidden');
  }
  expect(await bookings.isFree(listing, june.checkInDate)).toBe(true);
});
