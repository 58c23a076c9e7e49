import { randomUUID } from 'node:crypto';
import { aUser, eventually, expectProblem, type TestUser } from '@roost/testing';
import { june, startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const link = (house: TestListing, rooms: { id: string }[], user: TestUser = house.host) =>
  bookings.as(user).put(`/v1/listings/${house.id}/links`, { listingIds: rooms.map(({ id }) => id) });

async function givenHouse(): Promise<{ house: TestListing; rooms: [TestListing, TestListing] }> {
  const house = await bookings.givenListing();
  const rooms: [TestListing, TestListing] = [
    await bookings.givenListing({ host: house.host }),
    await bookings.givenListing({ host: house.host }),
  ];
  return { house, rooms };
}

describe('200', () => {
  it('a booked house blocks its rooms', async () => {
    const { house, rooms } = await givenHouse();
    const { status, body } = await link(house, rooms);
    expect({ status, body }).toEqual({ status: 200, body: { listingIds: rooms.map(({ id }) => id) } });
    await bookings.givenConfirmed({ listing: house });
    for (const room of rooms) {
      expectProblem(await bookings.quote(aUser(), room), 409, 'booking.dates_unavailable');
    }
    const view = await bookings
      .as(house.host)
      .get<{ data: object[] }>(`/v1/listings/${rooms[0].id}/calendar?from=2027-06-10&to=2027-06-11`);
    expect(view.body.data).toEqual([expect.objectContaining({ reason: 'linked', bookingId: null })]);
  });

  it('If-Match: 412 where somebody else has linked since', async () => {
    const { house, rooms } = await givenHouse();
    const put = (listingIds: string[], etag: string) =>
      bookings.as(house.host).put(`/v1/listings/${house.id}/links`, { listingIds }, { 'if-match': etag });
    const first = String((await link(house, rooms)).headers.get('etag'));
    const second = await put([rooms[0].id], first);
    expect(second.status).toBe(200);
    expectProblem(await put([], first), 412, 'request.precondition_failed');
    expect((await put([], String(second.headers.get('etag')))).status).toBe(200);
  });

  it('a booked room blocks the house, not its sister', async () => {
    const { house, rooms } = await givenHouse();
    await link(house, rooms);
    await bookings.givenConfirmed({ listing: rooms[0] });
    expectProblem(await bookings.quote(aUser(), house), 409, 'booking.dates_unavailable');
    await bookings.givenConfirmed({ listing: rooms[1] });
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('live bookings come along: linked, they block; unlinked, they stay where they are', async () => {
    const { house, rooms } = await givenHouse();
    await bookings.givenConfirmed({ listing: house });
    await link(house, rooms);
    expect(await bookings.isFree(rooms[1], '2027-06-10')).toBe(false);
    expect((await link(house, [])).status).toBe(200);
    expect(await bookings.isFree(rooms[1], '2027-06-10')).toBe(true);
    expect(await bookings.isFree(house, '2027-06-10')).toBe(false);
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('imported nights come along, too: where a room has a stay they wait, and unlinked they come back', async () => {
    const { house, rooms } = await givenHouse();
    await bookings.givenConfirmed({ listing: rooms[0] });
    await bookings.as(aUser({ roles: ['admin'] })).post('/v1/admin/imports/blocks', {
      source: 'elsewhere',
      rows: [{ externalId: 'a', listingId: house.id, blocked: [{ from: '2027-06-08', to: '2027-06-12' }] }],
    });
    expect((await link(house, rooms)).status).toBe(200);
    const free = async (listing: TestListing) => {
      const nights = ['2027-06-08', '2027-06-09', '2027-06-10', '2027-06-11', '2027-06-12'];
      return (await Promise.all(nights.map((night) => bookings.isFree(listing, night)))).map(Number).join('');
    };
    expect(await free(rooms[1])).toBe('00111');
    expect(await free(house)).toBe('00000');
    expect((await link(house, [])).status).toBe(200);
    expect(await free(rooms[1])).toBe('11111');
    await eventually(async () => expect(await free(house)).toBe('00001'));
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('every calendar that changed by it says so, with the neighbours’ nights', async () => {
    const { house, rooms } = await givenHouse();
    await bookings.givenConfirmed({ listing: rooms[0] });
    await link(house, rooms);
    const blockedNow = async (listing: TestListing) =>
      (await bookings.service.published('calendar.changed'))
        .filter((event) => event.listingId === listing.id)
        .at(-1)?.blocked;
    await eventually(async () => {
      expect(await blockedNow(house)).toEqual([{ from: june.checkInDate, to: june.checkOutDate }]);
      expect(await blockedNow(rooms[1])).toBeUndefined();
    });
    await link(house, [rooms[1]]);
    await eventually(async () => expect(await blockedNow(house)).toEqual([]));
  });
});

describe('409 listing.link_clash', () => {
  it('live bookings overlap; nothing is linked then', async () => {
    const { house, rooms } = await givenHouse();
    await bookings.givenConfirmed({ listing: house });
    await bookings.givenConfirmed({ listing: rooms[0] });
    expectProblem(await link(house, rooms), 409, 'listing.link_clash');
    expect(await bookings.isFree(rooms[1], '2027-06-10')).toBe(true);
  });

  it('a house inside a house', async () => {
    const { house, rooms } = await givenHouse();
    await link(house, rooms);
    const street = await bookings.givenListing({ host: house.host });
    expectProblem(await link(street, [house]), 409, 'listing.link_clash');
    expectProblem(await link(rooms[0], [street]), 409, 'listing.link_clash');
  });

  it('a booking of the house and one of a room while they are being linked: never both', async () => {
    const { house, rooms } = await givenHouse();
    const guests = [aUser(), aUser()];
    const [ofHouse, ofRoom] = await Promise.all([
      bookings.givenQuote(guests[0]!, house),
      bookings.givenQuote(guests[1]!, rooms[0]),
    ]);
    const [linked, first, second] = await Promise.all([
      link(house, rooms),
      bookings.as(guests[0]!).post('/v1/bookings', { quoteId: ofHouse.id }),
      bookings.as(guests[1]!).post('/v1/bookings', { quoteId: ofRoom.id }),
    ]);
    if (linked.status === 200) expect([first.status, second.status]).not.toEqual([201, 201]);
    else expectProblem(linked, 409, 'listing.link_clash');
    expect(await bookings.overlaps()).toEqual([]);
  });
});

it('a booking that is cancelled while its house is linked leaves no night behind', async () => {
  const { house, rooms } = await givenHouse();
  const booking = await bookings.givenConfirmed({ listing: house });
  process.env['ROOST_FAULT'] = 'bookings.before-commit:delay:700';
  try {
    const cancelling = bookings
      .as(booking.guest)
      .post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' });
    await eventually(async () => {
      const open = await bookings.service.query(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
           AND query LIKE '%booking_history%'`,
      );
      expect(open).toHaveLength(1);
    });
    const answers = await Promise.all([link(house, rooms), cancelling]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  } finally {
    delete process.env['ROOST_FAULT'];
  }
  expect(await bookings.leaked()).toEqual([]);
  expect(await bookings.isFree(rooms[0], '2027-06-10')).toBe(true);
});

describe('refusals', () => {
  it('400: itself, twice the same, too many, no ids', async () => {
    const { house, rooms } = await givenHouse();
    expectProblem(await link(house, [house]), 400, 'request.invalid', '/listingIds');
    expectProblem(await link(house, [rooms[0], rooms[0]]), 400, 'request.invalid', '/listingIds');
    const many = Array.from({ length: 51 }, () => ({ id: randomUUID() }));
    expectProblem(await link(house, many), 400, 'request.invalid', '/listingIds');
    expectProblem(await link(house, [{ id: '}' }]), 400, 'request.invalid', '/listingIds/0');
  });

  it('403 and 404: another host’s house, another host’s room', async () => {
    const { house, rooms } = await givenHouse();
    const other = await bookings.givenListing();
    expectProblem(await link(house, rooms, other.host), 403, 'listing.forbidden');
    expectProblem(await link(house, [rooms[0], other]), 404, 'listing.not_found');
    expectProblem(await link(house, [{ id: randomUUID() }]), 404, 'listing.not_found');
  });
});
