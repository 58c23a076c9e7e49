import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import { useBookings } from './bookings.fixture.js';

const bookings = useBookings();
const admin = testUser({ roles: ['admin'] });

const cancel = (booking: { id: string }, refundMinor: unknown, user: TestUser = admin) =>
  bookings
    .as(user)
    .post<Booking>(`/v1/admin/bookings/${booking.id}/cancel`, { reason: 'Flooded', refundMinor });

it.each([0, 1, 20_000, 51_300])(
  '200: refunds %d of 51,300 line by line and records the administrator',
  async (refundMinor) => {
    const booking = await bookings.givenConfirmed();
    const { status, body } = await cancel(booking, refundMinor);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'cancelled',
      cancellation: { by: 'admin', reason: 'Flooded', refundMinor },
    });
    const [event] = await bookings.publishedFor('booking.cancelled', booking);
    expect(event).toMatchObject({ by: 'admin', refundMinor, hostPenaltyMinor: 0 });
    expect(event?.refundLines.reduce((sum, line) => sum + line.refundMinor, 0)).toBe(refundMinor);
    // Host, platform and taxes share the kept amount exactly.
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

it('200: cancels an unpaid booking', async () => {
  const booking = await bookings.givenBooking();
  expect((await cancel(booking, 0)).body).toMatchObject({ state: 'cancelled' });
  expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
});

it('422: rejects a refund above the captured amount', async () => {
  const booking = await bookings.givenConfirmed();
  const response = await cancel(booking, 51_301);
  expectProblem(response, 422, 'booking.refund_out_of_range');
  expect(response.body).toMatchObject({ capturedMinor: 51_300 });
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it.each([-1, 1.5, '100', 1e300, null])('400: rejects a refund of %j', async (refundMinor) => {
  const booking = await bookings.givenConfirmed();
  expectProblem(await cancel(booking, refundMinor), 400, 'request.invalid', '/refundMinor');
});

it('403: rejects the guest and the host', async () => {
  const booking = await bookings.givenConfirmed();
  for (const user of [booking.guest, booking.listing.host]) {
    expectProblem(await cancel(booking, 0, user), 403, 'auth.forbidden');
  }
});

it('404: rejects an unknown booking; 409: rejects a second cancellation', async () => {
  expectProblem(await cancel({ id: randomUUID() }, 0), 404, 'booking.not_found');
  const booking = await bookings.givenConfirmed();
  await cancel(booking, 0);
  expectProblem(await cancel(booking, 0), 409, 'booking.transition_not_allowed');
});
