import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { useBookings, type TestBooking } from './bookings.fixture.js';

const bookings = useBookings();

describe('POST /v1/bookings/{id}/accept', () => {
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
        await accept(await bookings.givenRequest(), testUser({ roles: ['host'] })),
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
      const decline = bookings.decline(booking);
      const responses = await Promise.all([accept(booking), decline]);
      expect(responses.map(({ status }) => status).sort()).toEqual([200, 409]);
    });
  });
});

describe('POST /v1/bookings/{id}/decline', () => {
  const decline = (
    booking: TestBooking,
    user = booking.listing.host,
    body: object = { reason: 'Family is coming' },
  ) => bookings.as(user).post(`/v1/bookings/${booking.id}/decline`, body);

  it('200: stores the reason and releases the nights', async () => {
    const booking = await bookings.givenRequest();
    const { status, body } = await decline(booking);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'declined' });
    expect((await bookings.read(booking)).history.at(-1)).toMatchObject({
      by: 'host',
      event: 'host_declined',
      reason: 'Family is coming',
    });
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
  });

  it('masks contact data in the reason', async () => {
    const booking = await bookings.givenRequest();
    await decline(booking, undefined, { reason: 'Cheaper at joe@example.com, +44 7911 123456' });
    expect((await bookings.read(booking)).history.at(-1)?.reason).toBe(
      'Cheaper at [mail address hidden], [phone number hidden]',
    );
  });

  it('publishes no text of a person', async () => {
    const booking = await bookings.givenRequest();
    await decline(booking, undefined, { reason: 'zebra crossing' });
    const matches = await bookings.service.query('SELECT 1 FROM outbox_event WHERE body::text LIKE $1', [
      '%zebra%',
    ]);
    expect(matches).toEqual([]);
    const declined = (await bookings.service.published('booking.declined')).map((event) => event.bookingId);
    expect(declined).toContain(booking.id);
  });

  it('409: rejects a booking that is not a request', async () => {
    expectProblem(await decline(await bookings.givenBooking()), 409, 'booking.transition_not_allowed');
  });

  it('403: rejects the guest; 404: rejects another host', async () => {
    const booking = await bookings.givenRequest();
    expectProblem(await decline(booking, booking.guest), 403, 'auth.forbidden');
    expectProblem(await decline(booking, testUser({ roles: ['host'] })), 404, 'booking.not_found');
  });

  it.each<[string, object, string]>([
    ['no reason', {}, '/reason'],
    ['an empty reason', { reason: '  ' }, '/reason'],
    ['an invisible reason', { reason: '\u200b\u2060\u3164' }, '/reason'],
    ['a number as reason', { reason: 1 }, '/reason'],
    ['a NUL byte in the reason', { reason: 'a\u0000' }, '/reason'],
    ['a reason of 10,000 characters', { reason: 'x'.repeat(10_000) }, '/reason'],
    ['an unknown field', { reason: 'x', state: 'confirmed' }, '/state'],
  ])('400: rejects %s', async (_, body, pointer) => {
    const booking = await bookings.givenRequest();
    expectProblem(await decline(booking, undefined, body), 400, 'request.invalid', pointer);
    expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  });
});
