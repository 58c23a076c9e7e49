import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { Booking } from '../src/booking/booking.dto.js';
import { expectShape, useBookings, type TestBooking, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();

describe('GET /v1/bookings/{id}', () => {
  describe('200', () => {
    it('returns the same booking to its guest, its host and an administrator', async () => {
      const booking = await bookings.givenBooking();
      const admin = testUser({ roles: ['admin'] });
      for (const user of [booking.guest, booking.listing.host, admin]) {
        const response = await bookings.as(user).get(`/v1/bookings/${booking.id}`);
        expect(response.status).toBe(200);
        expect(response.body).toEqual(booking.dto);
        expect(response.headers.get('cache-control')).toContain('private');
      }
    });

    it('has an ETag per viewer that changes with the booking', async () => {
      const booking = await bookings.givenBooking();
      const path = `/v1/bookings/${booking.id}`;
      const guest = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
      const host = (await bookings.as(booking.listing.host).get(path)).headers.get('etag');
      expect(guest).not.toBe(host);
      expect((await bookings.as(booking.guest).get(path, { 'if-none-match': guest })).status).toBe(304);
      await bookings.payments.captured(booking);
      expect((await bookings.as(booking.guest).get(path, { 'if-none-match': guest })).status).toBe(200);
    });
  });

  describe('Prefer: wait', () => {
    it('responds as soon as the booking changes', async () => {
      const booking = await bookings.givenBooking();
      const path = `/v1/bookings/${booking.id}`;
      const etag = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
      const began = performance.now();
      const waiting = bookings.as(booking.guest).get(path, { prefer: 'wait=15', 'if-none-match': etag });
      await bookings.payments.captured(booking);
      const response = await waiting;
      expect(response.body).toMatchObject({ state: 'confirmed' });
      expect(performance.now() - began).toBeLessThan(10_000);
    });

    it('responds 304 when the booking does not change in time', async () => {
      const booking = await bookings.givenBooking();
      const path = `/v1/bookings/${booking.id}`;
      const etag = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
      const response = await bookings
        .as(booking.guest)
        .get(path, { prefer: 'wait=1', 'if-none-match': etag });
      expect(response.status).toBe(304);
    });
  });

  describe('rejections', () => {
    it('404: rejects other guests, other hosts and unknown ids', async () => {
      const booking = await bookings.givenBooking();
      for (const stranger of [testUser(), testUser({ roles: ['host'] })]) {
        expectProblem(
          await bookings.as(stranger).get(`/v1/bookings/${booking.id}`),
          404,
          'booking.not_found',
        );
      }
      expectProblem(
        await bookings.as(testUser()).get(`/v1/bookings/${randomUUID()}`),
        404,
        'booking.not_found',
      );
    });

    it('400: rejects an invalid id; 401: rejects a request without a token', async () => {
      expectProblem(await bookings.as(testUser()).get('/v1/bookings/%00'), 400, 'request.invalid', 'id');
      expectProblem(
        await bookings.service.anonymous.get(`/v1/bookings/${randomUUID()}`),
        401,
        'auth.missing_token',
      );
    });
  });
});

describe('GET /v1/me/bookings', () => {
  let listing: TestListing;
  let mine: TestBooking[];
  const guest = testUser();
  type List = { data: Booking[]; nextCursor: string | null };

  beforeAll(async () => {
    listing = await bookings.givenListing();
    mine = [];
    for (const day of ['01', '04', '07', '10', '13']) {
      const checkInDate = `2027-06-${day}`;
      const checkOutDate = `2027-06-${String(Number(day) + 2).padStart(2, '0')}`;
      mine.push(await bookings.givenBooking({ guest, listing, checkInDate, checkOutDate }));
    }
    await bookings.givenBooking({ listing, checkInDate: '2027-06-20', checkOutDate: '2027-06-22' });
    await bookings.payments.captured(mine[1]!);
  });

  const list = async (query: string, user = guest): Promise<List> => {
    const { body } = await bookings.as(user).get<List>(`/v1/me/bookings${query}`);
    body.data.forEach((booking) => expectShape(Booking, booking));
    return body;
  };
  const ids = (response: List) => response.data.map(({ id }) => id);

  it('returns all bookings of the guest, newest first', async () => {
    const response = await list('');
    expect(ids(response)).toEqual(mine.map(({ id }) => id).toReversed());
    expect(response.nextCursor).toBeNull();
    expect(response.data[0]).toEqual(mine[4]?.dto);
  });

  it('pages without gap or repetition', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const response: List = await list(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...ids(response));
      cursor = response.nextCursor;
      pages += 1;
    } while (cursor);
    expect(pages).toBe(3);
    expect(seen).toEqual(mine.map(({ id }) => id).toReversed());
  });

  it('returns the bookings of all guests with role=host, and none to a guest without listings', async () => {
    expect((await list('?role=host', listing.host)).data).toHaveLength(6);
    expect((await list('?role=host')).data).toEqual([]);
    expect((await list('', listing.host)).data).toEqual([]);
  });

  it('filters by state and by a half-open date range', async () => {
    expect(ids(await list('?state=confirmed'))).toEqual([mine[1]?.id]);
    // The second stay is 4–6 June.
    expect(ids(await list('?from=2027-06-05&to=2027-06-07'))).toEqual([mine[1]?.id]);
    expect(ids(await list('?from=2027-06-06&to=2027-06-07'))).toEqual([]);
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?limit=ten', 'limit'],
    ['?cursor=nonsense', 'cursor'],
    ['?cursor=WyJub25zZW5zZSJd', 'cursor'],
    ['?state=paid', 'state'],
    ['?role=admin', 'role'],
    ['?from=2027-02-31', 'from'],
    ['?offset=3', 'offset'],
    ['?state=confirmed&state=expired', 'state'],
  ])('400: rejects %s', async (query, parameter) => {
    expectProblem(await bookings.as(guest).get(`/v1/me/bookings${query}`), 400, 'request.invalid', parameter);
  });

  it('401: rejects a request without a token', async () => {
    expectProblem(await bookings.service.anonymous.get('/v1/me/bookings'), 401, 'auth.missing_token');
  });
});
