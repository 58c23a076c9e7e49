import { randomUUID } from 'node:crypto';
import { testUser, eventually, expectProblem } from '@roost/testing';
import pg from 'pg';
import { juneStay, useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();

describe('200', () => {
  it('blocks the rooms of a booked house', async () => {
    const { house, rooms } = await bookings.givenHouse();
    const { status, body } = await bookings.calendar.link(house, rooms);
    expect({ status, body }).toEqual({ status: 200, body: { listingIds: rooms.map(({ id }) => id) } });
    await bookings.givenConfirmed({ listing: house });
    for (const room of rooms) {
      expectProblem(await bookings.quote(testUser(), room), 409, 'booking.dates_unavailable');
    }
    const view = await bookings
      .as(house.host)
      .get<{ data: object[] }>(`/v1/listings/${rooms[0].id}/calendar?from=2027-06-10&to=2027-06-11`);
    expect(view.body.data).toEqual([expect.objectContaining({ reason: 'linked', bookingId: null })]);
  });

  it('If-Match: responds 412 when the links have changed', async () => {
    const { house, rooms } = await bookings.givenHouse();
    const put = (listingIds: string[], etag: string) =>
      bookings.as(house.host).put(`/v1/listings/${house.id}/links`, { listingIds }, { 'if-match': etag });
    const first = String((await bookings.calendar.link(house, rooms)).headers.get('etag'));
    const second = await put([rooms[0].id], first);
    expect(second.status).toBe(200);
    expectProblem(await put([], first), 412, 'request.precondition_failed');
    expect((await put([], String(second.headers.get('etag')))).status).toBe(200);
  });

  it('blocks the house of a booked room, but not the other room', async () => {
    const { house, rooms } = await bookings.givenHouse();
    await bookings.calendar.link(house, rooms);
    await bookings.givenConfirmed({ listing: rooms[0] });
    expectProblem(await bookings.quote(testUser(), house), 409, 'booking.dates_unavailable');
    await bookings.givenConfirmed({ listing: rooms[1] });
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('applies active bookings to linked listings and releases them when unlinked', async () => {
    const { house, rooms } = await bookings.givenHouse();
    await bookings.givenConfirmed({ listing: house });
    await bookings.calendar.link(house, rooms);
    expect(await bookings.calendar.isFree(rooms[1], '2027-06-10')).toBe(false);
    expect((await bookings.calendar.link(house, [])).status).toBe(200);
    expect(await bookings.calendar.isFree(rooms[1], '2027-06-10')).toBe(true);
    expect(await bookings.calendar.isFree(house, '2027-06-10')).toBe(false);
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('applies imported nights to linked listings except nights of a stay, and restores them when unlinked', async () => {
    const { house, rooms } = await bookings.givenHouse();
    await bookings.givenConfirmed({ listing: rooms[0] });
    await bookings.as(testUser({ roles: ['admin'] })).post('/v1/admin/imports/blocks', {
      source: 'elsewhere',
      rows: [{ externalId: 'a', listingId: house.id, blocked: [{ from: '2027-06-08', to: '2027-06-12' }] }],
    });
    expect((await bookings.calendar.link(house, rooms)).status).toBe(200);
    const freeNights = async (listing: TestListing) => {
      const nights = ['2027-06-08', '2027-06-09', '2027-06-10', '2027-06-11', '2027-06-12'];
      return (await Promise.all(nights.map((night) => bookings.calendar.isFree(listing, night))))
        .map(Number)
        .join('');
    };
    expect(await freeNights(rooms[1])).toBe('00111');
    expect(await freeNights(house)).toBe('00000');
    expect((await bookings.calendar.link(house, [])).status).toBe(200);
    expect(await freeNights(rooms[1])).toBe('11111');
    await eventually(async () => expect(await freeNights(house)).toBe('00001'));
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('publishes every changed calendar with the nights of linked listings', async () => {
    const { house, rooms } = await bookings.givenHouse();
    await bookings.givenConfirmed({ listing: rooms[0] });
    await bookings.calendar.link(house, rooms);
    const lastBlocked = async (listing: TestListing) =>
      (await bookings.calendar.published(listing)).at(-1)?.blocked;
    await eventually(async () => {
      expect(await lastBlocked(house)).toEqual([{ from: juneStay.checkInDate, to: juneStay.checkOutDate }]);
      expect(await lastBlocked(rooms[1])).toBeUndefined();
    });
    await bookings.calendar.link(house, [rooms[1]]);
    await eventually(async () => expect(await lastBlocked(house)).toEqual([]));
  });
});

describe('409 listing.link_clash', () => {
  it('rejects listings with overlapping bookings and links nothing', async () => {
    const { house, rooms } = await bookings.givenHouse();
    await bookings.givenConfirmed({ listing: house });
    await bookings.givenConfirmed({ listing: rooms[0] });
    expectProblem(await bookings.calendar.link(house, rooms), 409, 'listing.link_clash');
    expect(await bookings.calendar.isFree(rooms[1], '2027-06-10')).toBe(true);
  });

  it('rejects a house as a room of another house', async () => {
    const { house, rooms } = await bookings.givenHouse();
    await bookings.calendar.link(house, rooms);
    const building = await bookings.givenListing({ host: house.host });
    expectProblem(await bookings.calendar.link(building, [house]), 409, 'listing.link_clash');
    expectProblem(await bookings.calendar.link(rooms[0], [building]), 409, 'listing.link_clash');
  });

  it('never links a house and a room that are booked concurrently for the same nights', async () => {
    const { house, rooms } = await bookings.givenHouse();
    const guests = [testUser(), testUser()];
    const [ofHouse, ofRoom] = await Promise.all([
      bookings.givenQuote(guests[0]!, house),
      bookings.givenQuote(guests[1]!, rooms[0]),
    ]);
    const [linked, first, second] = await Promise.all([
      bookings.calendar.link(house, rooms),
      bookings.as(guests[0]!).post('/v1/bookings', { quoteId: ofHouse.id }),
      bookings.as(guests[1]!).post('/v1/bookings', { quoteId: ofRoom.id }),
    ]);
    if (linked.status === 200) expect([first.status, second.status]).not.toEqual([201, 201]);
    else expectProblem(linked, 409, 'listing.link_clash');
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });
});

it('leaves no orphaned night when a booking is cancelled while its house is being linked', async () => {
  const { house, rooms } = await bookings.givenHouse();
  const booking = await bookings.givenConfirmed({ listing: house });
  await eventually(async () => expect(await bookings.calendar.published(house)).toHaveLength(1));
  const other = new pg.Client({ connectionString: bookings.service.env.DATABASE_URL });
  await other.connect();
  try {
    await other.query('BEGIN');
    // The cancellation waits for it when it has released the nights, and the linking for the cancellation.
    await other.query('LOCK TABLE outbox_event IN SHARE ROW EXCLUSIVE MODE');
    const cancelling = bookings.cancel(booking);
    await eventually(async () => expect(await bookings.service.lockWaits()).toBeGreaterThan(0));
    const linking = bookings.calendar.link(house, rooms);
    await eventually(async () => expect(await bookings.service.lockWaits()).toBeGreaterThan(1));
    await other.query('ROLLBACK');
    const responses = await Promise.all([linking, cancelling]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
  } finally {
    await other.end();
  }
  expect(await bookings.calendar.orphanedEntries()).toEqual([]);
  expect(await bookings.calendar.isFree(rooms[0], '2027-06-10')).toBe(true);
});

describe('rejections', () => {
  it('400: rejects the house itself, duplicates, too many ids and invalid ids', async () => {
    const { house, rooms } = await bookings.givenHouse();
    expectProblem(await bookings.calendar.link(house, [house]), 400, 'request.invalid', '/listingIds');
    expectProblem(
      await bookings.calendar.link(house, [rooms[0], rooms[0]]),
      400,
      'request.invalid',
      '/listingIds',
    );
    const many = Array.from({ length: 51 }, () => ({ id: randomUUID() }));
    expectProblem(await bookings.calendar.link(house, many), 400, 'request.invalid', '/listingIds');
    expectProblem(
      await bookings.calendar.link(house, [{ id: '}' }]),
      400,
      'request.invalid',
      '/listingIds/0',
    );
  });

  it('403: rejects the house of another host; 404: rejects rooms of other hosts and unknown ids', async () => {
    const { house, rooms } = await bookings.givenHouse();
    const other = await bookings.givenListing();
    expectProblem(await bookings.calendar.link(house, rooms, other.host), 403, 'listing.forbidden');
    expectProblem(await bookings.calendar.link(house, [rooms[0], other]), 404, 'listing.not_found');
    expectProblem(await bookings.calendar.link(house, [{ id: randomUUID() }]), 404, 'listing.not_found');
  });
});
