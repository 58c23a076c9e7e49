import { aUser, expectProblem } from '@roost/testing';
import { Booking } from '../src/booking/booking.dto.js';
import {
  shaped,
  startBookings,
  type BookingsUnderTest,
  type TestBooking,
  type TestListing,
} from './bookings.fixture.js';

let bookings: BookingsUnderTest;
let listing: TestListing;
let mine: TestBooking[];
const guest = aUser();
type List = { data: Booking[]; nextCursor: string | null };

beforeAll(async () => {
  bookings = await startBookings();
  listing = await bookings.givenListing();
  mine = [];
  for (const day of ['01', '04', '07', '10', '13']) {
    const checkInDate = `2027-06-${day}`;
    const checkOutDate = `2027-06-${String(Number(day) + 2).padStart(2, '0')}`;
    mine.push(await bookings.givenBooking({ guest, listing, checkInDate, checkOutDate }));
  }
  await bookings.givenBooking({ listing, checkInDate: '2027-06-20', checkOutDate: '2027-06-22' });
  await bookings.captured(mine[1]!);
});
afterAll(() => bookings?.close());

const list = async (query: string, user = guest): Promise<List> => {
  const { body } = await bookings.as(user).get<List>(`/v1/me/bookings${query}`);
  body.data.forEach((booking) => shaped(Booking, booking));
  return body;
};
const ids = (answer: List) => answer.data.map(({ id }) => id);

it('the guest’s own, newest first, whole', async () => {
  const answer = await list('');
  expect(ids(answer)).toEqual(mine.map(({ id }) => id).toReversed());
  expect(answer.nextCursor).toBeNull();
  expect(answer.data[0]).toEqual(mine[4]?.dto);
});

it('page by page, without gap or repetition', async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const answer: List = await list(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...ids(answer));
    cursor = answer.nextCursor;
    pages += 1;
  } while (cursor);
  expect(pages).toBe(3);
  expect(seen).toEqual(mine.map(({ id }) => id).toReversed());
});

it('the host’s: those of all guests; a guest who hosts nothing has none', async () => {
  expect((await list('?role=host', listing.host)).data).toHaveLength(6);
  expect((await list('?role=host')).data).toEqual([]);
  expect((await list('', listing.host)).data).toEqual([]);
});

it('by state and by dates, half-open', async () => {
  expect(ids(await list('?state=confirmed'))).toEqual([mine[1]?.id]);
  // The second stay is 4–6 June: it neither begins before the 4th nor ends after the 6th.
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
])('400: %s', async (query, parameter) => {
  expectProblem(await bookings.as(guest).get(`/v1/me/bookings${query}`), 400, 'request.invalid', parameter);
});

it('401: nobody', async () => {
  expectProblem(await bookings.service.anonymous.get('/v1/me/bookings'), 401, 'auth.missing_token');
});
