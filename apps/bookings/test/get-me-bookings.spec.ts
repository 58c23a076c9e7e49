import { aUser, expectProblem } from '@roost/testing';
import { Booking } from '../src/booking/booking.dto.js';
import { expectShape, useBookings, type TestBooking, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();
let listing: TestListing;
let mine: TestBooking[];
const guest = aUser();
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
