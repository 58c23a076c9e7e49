import { aUser, expectProblem } from '@roost/testing';
import { startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const decline = (
  booking: TestBooking,
  user = booking.listing.host,
  body: object = { reason: 'Family is coming' },
) => bookings.as(user).post(`/v1/bookings/${booking.id}/decline`, body);

it('200: declined with its reason, the dates are free again', async () => {
  const booking = await bookings.givenRequest();
  const { status, body } = await decline(booking);
  expect(status).toBe(200);
  expect(body).toMatchObject({ state: 'declined' });
  expect((await bookings.read(booking)).history.at(-1)).toMatchObject({
    by: 'host',
    event: 'host_declined',
    reason: 'Family is coming',
  });
  expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
});

it('a reason is no way around the marketplace: contact data in it are masked, as in messages', async () => {
  const booking = await bookings.givenRequest();
  await decline(booking, undefined, { reason: 'Cheaper at joe@example.com, +44 7911 123456' });
  expect((await bookings.read(booking)).history.at(-1)?.reason).toBe(
    'Cheaper at [mail address hidden], [phone number hidden]',
  );
});

it('no event says what a person wrote', async () => {
  const booking = await bookings.givenRequest();
  await decline(booking, undefined, { reason: 'zebra crossing' });
  const said = await bookings.service.query('SELECT 1 FROM outbox_event WHERE body::text LIKE $1', [
    '%zebra%',
  ]);
  expect(said).toEqual([]);
  const declined = (await bookings.service.published('booking.declined')).map((event) => event.bookingId);
  expect(declined).toContain(booking.id);
});

it('409: nothing to decline', async () => {
  expectProblem(await decline(await bookings.givenBooking()), 409, 'booking.transition_not_allowed');
});

it('403 and 404: the guest, a stranger', async () => {
  const booking = await bookings.givenRequest();
  expectProblem(await decline(booking, booking.guest), 403, 'auth.forbidden');
  expectProblem(await decline(booking, aUser({ roles: ['host'] })), 404, 'booking.not_found');
});

it.each<[string, object, string]>([
  ['no reason', {}, '/reason'],
  ['an empty one', { reason: '  ' }, '/reason'],
  ['a number', { reason: 1 }, '/reason'],
  ['a NUL byte', { reason: 'a\u0000' }, '/reason'],
  ['10,000 characters', { reason: 'x'.repeat(10_000) }, '/reason'],
  ['an unknown field', { reason: 'x', state: 'confirmed' }, '/state'],
])('400: %s', async (_, body, pointer) => {
  const booking = await bookings.givenRequest();
  expectProblem(await decline(booking, undefined, body), 400, 'request.invalid', pointer);
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
});
