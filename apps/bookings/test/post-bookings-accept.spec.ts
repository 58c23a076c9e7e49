import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const accept = (booking: TestBooking, user = booking.listing.host, headers = {}) =>
  bookings.as(user).post(`/v1/bookings/${booking.id}/accept`, undefined, headers);
const accepted = async (id: string) =>
  (await bookings.service.published('booking.accepted')).filter((event) => event.bookingId === id);

describe('200', () => {
  it('waits for the capture, with the dates held', async () => {
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
    expect(await accepted(booking.id)).toEqual([expect.objectContaining({ state: 'awaiting_capture' })]);
    expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(false);
  });

  it('the same key twice: accepted once, answered twice', async () => {
    const booking = await bookings.givenRequest();
    const key = { 'idempotency-key': randomUUID() };
    const first = await accept(booking, booking.listing.host, key);
    const again = await accept(booking, booking.listing.host, key);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(await accepted(booking.id)).toHaveLength(1);
  });
});

describe('refusals', () => {
  it('403: the guest can’t accept her own request', async () => {
    const booking = await bookings.givenRequest();
    expectProblem(await accept(booking, booking.guest), 403, 'auth.forbidden');
  });

  it('404: strangers', async () => {
    expectProblem(
      await accept(await bookings.givenRequest(), aUser({ roles: ['host'] })),
      404,
      'booking.not_found',
    );
  });

  it('409: a second time, or with nothing to accept', async () => {
    const booking = await bookings.givenRequest();
    await accept(booking);
    expectProblem(await accept(booking), 409, 'booking.transition_not_allowed');
    expectProblem(await accept(await bookings.givenBooking()), 409, 'booking.transition_not_allowed');
  });

  it('409: 24 hours are over, whether or not a sweeper came by', async () => {
    const booking = await bookings.givenRequest();
    await bookings.givenOverdue(booking);
    expectProblem(await accept(booking), 409, 'booking.transition_not_allowed');
    expect(await accepted(booking.id)).toEqual([]);
  });

  it('two hosts’ browsers at once: accepted once', async () => {
    const booking = await bookings.givenRequest();
    const answers = await Promise.all([accept(booking), accept(booking), accept(booking)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await accepted(booking.id)).toHaveLength(1);
  });

  it('accepted and declined at once: one of them', async () => {
    const booking = await bookings.givenRequest();
    const decline = bookings
      .as(booking.listing.host)
      .post(`/v1/bookings/${booking.id}/decline`, { reason: 'Family is coming' });
    const answers = await Promise.all([accept(booking), decline]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});
