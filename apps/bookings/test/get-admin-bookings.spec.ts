import { randomUUID } from 'node:crypto';
import { expectProblem, testUser } from '@roost/testing';
import { Booking } from '../src/booking/booking.dto.js';
import { expectShape, type TestBooking, type TestListing, useBookings } from './bookings.fixture.js';

type List = { data: Booking[]; nextCursor: string | null };

const bookings = useBookings();
const admin = testUser({ roles: ['admin'] });
const guest = testUser();
let listing: TestListing;
/** Two bookings of the guest, oldest first; the second one is confirmed. */
let mine: [TestBooking, TestBooking];
let other: TestBooking;

beforeAll(async () => {
  listing = await bookings.givenListing();
  const first = { checkInDate: '2027-06-01', checkOutDate: '2027-06-03' };
  const second = { checkInDate: '2027-06-04', checkOutDate: '2027-06-06' };
  mine = [
    await bookings.givenBooking({ guest, listing, ...first }),
    await bookings.givenBooking({ guest, listing, ...second }),
  ];
  await bookings.payments.captured(mine[1]);
  await bookings.service.clock.advance('PT1H');
  other = await bookings.givenBooking({ checkInDate: '2027-07-01', checkOutDate: '2027-07-03' });
});

const list = async (query: Record<string, string>): Promise<List> => {
  const search = new URLSearchParams(query).toString();
  const { body } = await bookings.as(admin).get<List>(`/v1/admin/bookings?${search}`);
  body.data.forEach((booking) => expectShape(Booking, booking));
  return body;
};
const idsOf = async (query: Record<string, string>) => (await list(query)).data.map(({ id }) => id);

it('lists the bookings of all guests, newest first, in pages', async () => {
  const first = await list({ limit: '2' });
  expect(first.data.map(({ id }) => id)).toEqual([other.id, mine[1].id]);
  expect(first.data[0]).toEqual(other.dto);
  const second = await list({ limit: '2', cursor: first.nextCursor ?? '' });
  expect(second.data.map(({ id }) => id)).toEqual([mine[0].id]);
  expect(second.nextCursor).toBeNull();
});

it('filters by id, guest, host, listing, state, check-in and creation', async () => {
  const newestFirst = [mine[1].id, mine[0].id];
  expect(await idsOf({ id: mine[0].id })).toEqual([mine[0].id]);
  expect(await idsOf({ guestId: guest.id })).toEqual(newestFirst);
  expect(await idsOf({ guestId: guest.id, id: other.id })).toEqual([]);
  expect(await idsOf({ hostId: listing.host.id })).toEqual(newestFirst);
  expect(await idsOf({ listingId: listing.id })).toEqual(newestFirst);
  expect(await idsOf({ state: 'confirmed' })).toEqual([mine[1].id]);
  expect(await idsOf({ checkInFrom: '2027-06-04' })).toEqual([other.id, mine[1].id]);
  expect(await idsOf({ checkInFrom: '2027-06-01', checkInTo: '2027-06-04' })).toEqual([mine[0].id]);
  expect(await idsOf({ createdFrom: other.dto.createdAt })).toEqual([other.id]);
  expect(await idsOf({ createdTo: other.dto.createdAt })).toEqual(newestFirst);
});

it.each([
  ['limit', '101'],
  ['cursor', 'x'],
  ['id', 'x'],
  ['guestId', 'x'],
  ['hostId', 'x'],
  ['listingId', 'x'],
  ['state', 'paid'],
  ['checkInFrom', '2027-02-30'],
  ['checkInTo', 'x'],
  ['createdFrom', '2027-06-01'],
  ['createdTo', 'x'],
  ['role', 'guest'],
])('400 for %s=%s', async (name, value) => {
  const response = await bookings.as(admin).get(`/v1/admin/bookings?${name}=${value}`);
  expectProblem(response, 400, 'request.invalid', name);
});

it.each(['/v1/admin/bookings', '/v1/admin/bookings/audit-log'])('401 and 403 for %s', async (path) => {
  expectProblem(await bookings.service.anonymous.get(path), 401, 'auth.missing_token');
  for (const user of [testUser(), testUser({ roles: ['host'] })])
    expectProblem(await bookings.as(user).get(path), 403, 'auth.forbidden');
});

it('records in the audit log that an administrator has cancelled a booking', async () => {
  const booking = await bookings.givenConfirmed();
  const path = `/v1/admin/bookings/${booking.id}/cancel`;
  const reason = 'Flooded';
  await bookings.as(admin).post(path, { reason, refundMinor: 1 });
  await bookings.as(admin).post(path, { reason: 'Again', refundMinor: 1 });
  const log = await bookings.as(admin).get(`/v1/admin/bookings/audit-log?subjectId=${booking.id}`);
  expect(log.body.data).toMatchObject([
    {
      adminId: admin.id,
      action: 'booking.cancel',
      subjectType: 'booking',
      reason,
      details: { refundMinor: 1 },
    },
  ]);
});

it('records in the audit log which listings got imported blocks', async () => {
  const rows = [
    { externalId: '1', listingId: listing.id, blocked: [{ from: '2027-09-01', to: '2027-09-03' }] },
    { externalId: '2', listingId: randomUUID(), blocked: [] },
  ];
  const batch = { source: 'elsewhere', rows };
  for (let n = 0; n < 2; n += 1) await bookings.as(admin).post('/v1/admin/imports/blocks', batch);
  const log = await bookings.as(admin).get('/v1/admin/bookings/audit-log?action=import.blocks');
  expect(log.body.data).toMatchObject([{ subjectId: listing.id, details: { source: 'elsewhere' } }]);
});
