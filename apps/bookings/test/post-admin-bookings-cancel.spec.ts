import { randomUUID } from 'node:crypto';
import { aUser, expectProblem, type TestUser } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import { startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
const admin = aUser({ roles: ['admin'] });

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const cancel = (booking: { id: string }, refundMinor: unknown, user: TestUser = admin) =>
  bookings
    .as(user)
    .post<Booking>(`/v1/admin/bookings/${booking.id}/cancel`, { reason: 'Flooded', refundMinor });
const cancelled = async (booking: TestBooking) =>
  (await bookings.service.published('booking.cancelled')).filter((event) => event.bookingId === booking.id);

it.each([0, 1, 20_000, 51_300])(
  '200: refunds %d of 51,300, line by line, and says who did it',
  async (refundMinor) => {
    const booking = await bookings.givenConfirmed();
    const { status, body } = await cancel(booking, refundMinor);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'cancelled',
      cancellation: { by: 'admin', reason: 'Flooded', refundMinor },
    });
    const [event] = await cancelled(booking);
    expect(event).toMatchObject({ by: 'admin', refundMinor, hostPenaltyMinor: 0 });
    expect(event?.refundLines.reduce((sum, line) => sum + line.refundMinor, 0)).toBe(refundMinor);
    // What is kept is shared between host, platform and taxes to the cent.
    const kept = (event?.hostPayoutMinor ?? 0) + (event?.platformFeeMinor ?? 0) + (event?.taxMinor ?? 0);
    expect(kept).toBe(51_300 - refundMinor);
    const [audit] = await bookings.service.query(
      `SELECT by, actor_id AS "actorId", event, from_state AS "from", to_state AS "to", reason FROM booking_history
     WHERE booking_id = $1 ORDER BY id DESC LIMIT 1`,
      [booking.id],
    );
    expect(audit).toEqual({
      by: 'admin',
      actorId: admin.id,
      event: 'admin_cancelled',
      from: 'confirmed',
      to: 'cancelled',
      reason: 'Flooded',
    });
  },
);

it('200: a booking that was never paid', async () => {
  const booking = await bookings.givenBooking();
  expect((await cancel(booking, 0)).body).toMatchObject({ state: 'cancelled' });
  expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
});

it('422: more than was captured', async () => {
  const booking = await bookings.givenConfirmed();
  const answer = await cancel(booking, 51_301);
  expectProblem(answer, 422, 'booking.refund_out_of_range');
  expect(answer.body).toMatchObject({ capturedMinor: 51_300 });
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it.each([-1, 1.5, '100', 1e300, null])('400: a refund of %j', async (refundMinor) => {
  const booking = await bookings.givenConfirmed();
  expectProblem(await cancel(booking, refundMinor), 400, 'request.invalid', '/refundMinor');
});

it('403: neither guest nor host', async () => {
  const booking = await bookings.givenConfirmed();
  for (const user of [booking.guest, booking.listing.host]) {
    expectProblem(await cancel(booking, 0, user), 403, 'auth.forbidden');
  }
});

it('404 and 409', async () => {
  expectProblem(await cancel({ id: randomUUID() }, 0), 404, 'booking.not_found');
  const booking = await bookings.givenConfirmed();
  await cancel(booking, 0);
  expectProblem(await cancel(booking, 0), 409, 'booking.transition_not_allowed');
});
