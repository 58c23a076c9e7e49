import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { useBookings, type TestBooking } from './bookings.fixture.js';

const bookings = useBookings();

const accept = (booking: TestBooking, user = booking.listing.host, headers = {}) =>
  bookings.as(user).post(`/v1/bookings/${booking.id}/accept`, undefined, headers);
const accepted = (booking: TestBooking) => bookings.publishedFor('booking.accepted', booking);

describe('200', () => {
  it('holds the nights until the capture', async () => {
    const booking = await bookings.givenRequest();
    const { status, body } = await accept(booking);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'awaiting_capture',
      respondBy: null,
      history: [
        { event: 'created' },
        { event: 'payment_authorized' },
        { by: 'host', event: 'host_accepted' },
      ],
    });
    expect(await accepted(booking)).toEqual([expect.objectContaining({ state: 'awaiting_capture' })]);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(false);
  });

  it('accepts once for two requests with the same Idempotency-Key', async () => {
    const booking = await bookings.givenRequest();
    const key = { 'idempotency-key': randomUUID() };
    const first = await accept(booking, booking.listing.host, key);
    const again = await accept(booking, booking.listing.host, key);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(await accepted(booking)).toHaveLength(1);
  });
});

describe('rejections', () => {
  it('403: rejects the guest', async () => {
    const booking = await bookings.givenRequest();
    expectProblem(await accept(booking, booking.guest), 403, 'auth.forbidden');
  });

  it('404: rejects another host', async () => {
    expectProblem(
      await accept(await bookings.givenRequest(), aUser({ roles: ['host'] })),
      404,
      'booking.not_found',
    );
  });

  it('409: rejects a second acceptance and a booking that is not a request', async () => {
    const booking = await bookings.givenRequest();
    await accept(booking);
    expectProblem(await accept(booking), 409, 'booking.transition_not_allowed');
    expectProblem(await accept(await bookings.givenBooking()), 409, 'booking.transition_not_allowed');
  });

  it('409: rejects an overdue response before the sweep', async () => {
    const booking = await bookings.givenRequest();
    await bookings.makeOverdue(booking);
    expectProblem(await accept(booking), 409, 'booking.transition_not_allowed');
    expect(await accepted(booking)).toEqual([]);
  });

  it('accepts once for three concurrent requests', async () => {
    const booking = await bookings.givenRequest();
    const responses = await Promise.all([accept(booking), accept(booking), accept(booking)]);
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await accepted(booking)).toHaveLength(1);
  });

  it('applies one of a concurrent acceptance and decline', async () => {
    const booking = await bookings.givenRequest();
    const decline = bookings
      .as(booking.listing.host)
      .post(`/v1/bookings/${booking.id}/decline`, { reason: 'Family is coming' });
    const responses = await Promise.all([accept(booking), decline]);
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});
