import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import { initialTime, juneTotalMinor, useBookings, type TestBooking } from './bookings.fixture.js';

const bookings = useBookings({ resetClock: true });

const cancel = (booking: TestBooking, user: TestUser = booking.guest, headers = {}) =>
  bookings.as(user).post<Booking>(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' }, headers);
const cancelled = (booking: TestBooking) => bookings.publishedFor('booking.cancelled', booking);

describe('a cancellation by the guest', () => {
  it('flexible, a day ahead: refunds the total and releases the nights', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T18:59:30Z');
    const preview = await bookings.previewCancellation(booking);
    expect(preview).toMatchObject({ refundMinor: juneTotalMinor, currency: 'USD' });
    const { status, body } = await cancel(booking);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'cancelled',
      cancellation: {
        by: 'guest',
        reason: 'Plans changed',
        refundMinor: juneTotalMinor,
        lines: preview.lines,
      },
    });
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({
        by: 'guest',
        state: 'cancelled',
        refundMinor: juneTotalMinor,
        hostPenaltyMinor: 0,
        hostPayoutMinor: 0,
        platformFeeMinor: 0,
        cancelledAt: expect.stringMatching(/^2027-06-09T18:59:/) as string,
      }),
    ]);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
  });

  it('flexible, less than a day ahead: keeps and distributes the first night and the fee', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T19:00:01Z');
    expect((await cancel(booking)).body).toMatchObject({
      cancellation: { refundMinor: juneTotalMinor - 10_000 - 6_300 },
    });
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({
        refundMinor: 35_000,
        refundLines: [
          { kind: 'night', refundMinor: 30_000 },
          { kind: 'cleaning', refundMinor: 5_000 },
        ],
        // The host fee is 3 % of the kept night.
        hostPayoutMinor: 9_700,
        platformFeeMinor: 6_600,
      }),
    ]);
  });

  it('in stay: keeps the nights stayed and one more, and releases the others', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-11T16:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('in_stay');
    const { body } = await cancel(booking);
    expect(body).toMatchObject({ state: 'cancelled', cancellation: { refundMinor: 10_000 } });
    await bookings.service.clock.set(initialTime);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-11')).toBe(false);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-12')).toBe(true);
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('previews the refund of each step of the schedule', async () => {
    const booking = await bookings.givenConfirmed({
      listing: await bookings.givenListing({ cancellationPolicy: 'firm' }),
    });
    const { schedule } = await bookings.previewCancellation(booking);
    expect(schedule.length).toBeGreaterThan(2);
    for (const step of schedule) {
      await bookings.service.clock.set(new Date(Date.parse(step.until) - 60_000));
      expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: step.refundMinor });
    }
  });

  it('refunds 0 before the payment and releases the nights', async () => {
    const booking = await bookings.givenBooking();
    expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: 0, lines: [] });
    expect((await cancel(booking)).body).toMatchObject({
      state: 'cancelled',
      cancellation: { refundMinor: 0, lines: [] },
    });
    // A later payment is refunded in full.
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({ refundMinor: juneTotalMinor, hostPayoutMinor: 0 }),
    ]);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
  });

  it('refunds the authorized amount of a request', async () => {
    const booking = await bookings.givenRequest();
    expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: juneTotalMinor });
    expect((await cancel(booking)).body).toMatchObject({
      state: 'cancelled',
      cancellation: { refundMinor: juneTotalMinor },
    });
  });
});

describe('a cancellation by the host', () => {
  it('before check-in: refunds the total, charges a penalty and blocks the nights', async () => {
    const booking = await bookings.givenConfirmed();
    const { host } = booking.listing;
    // 100 days ahead, 10 % of 450.00 is below the minimum of 50.00.
    expect(await bookings.previewCancellation(booking, host)).toMatchObject({
      refundMinor: juneTotalMinor,
      hostPenaltyMinor: 5_000,
    });
    expect((await cancel(booking, host)).body).toMatchObject({
      state: 'cancelled',
      cancellation: { by: 'host' },
    });
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({
        by: 'host',
        refundMinor: juneTotalMinor,
        hostPenaltyMinor: 5_000,
        hostPayoutMinor: 0,
      }),
    ]);
    const view = await bookings
      .as(host)
      .get(`/v1/listings/${booking.listing.id}/calendar?from=2027-06-10&to=2027-06-15`);
    expect((view.body.data as { reason: string | null }[]).map(({ reason }) => reason)).toEqual([
      ...['block', 'block', 'block', 'block', null],
    ]);
  });

  it('shortly before check-in: charges half of nights and cleaning', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T00:00:00Z');
    await cancel(booking, booking.listing.host);
    expect(await cancelled(booking)).toEqual([expect.objectContaining({ hostPenaltyMinor: 22_500 })]);
  });

  it('in stay: refunds and blocks the remaining nights', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-12T03:30:00Z');
    // It is 23:30 on the 11th in New York: two nights have begun.
    expect((await cancel(booking, booking.listing.host)).body).toMatchObject({
      cancellation: { refundMinor: 20_000 },
    });
    expect(await bookings.calendar.overlaps()).toEqual([]);
    const blocks = await bookings.service.query(
      `SELECT k.from_date::text AS "from", k.to_date::text AS "to" FROM calendar_block k
       JOIN calendar_listing l ON l.id = k.listing_id WHERE l.public_id = $1`,
      [booking.listing.id],
    );
    expect(blocks).toEqual([{ from: '2027-06-12', to: '2027-06-14' }]);
  });

  it('409: rejects the cancellation of a booking that is not confirmed', async () => {
    for (const booking of [await bookings.givenBooking(), await bookings.givenRequest()]) {
      expectProblem(await cancel(booking, booking.listing.host), 409, 'booking.transition_not_allowed');
    }
  });
});

describe('rejections and concurrent requests', () => {
  it('409: rejects a cancellation while the capture is pending', async () => {
    const booking = await bookings.givenRequest();
    await bookings.accept(booking);
    expectProblem(await cancel(booking), 409, 'booking.transition_not_allowed');
    const response = await bookings.as(booking.guest).get(`/v1/bookings/${booking.id}/cancellation`);
    expectProblem(response, 409, 'booking.transition_not_allowed');
  });

  it('404: rejects other users and administrators, for the preview as well', async () => {
    const booking = await bookings.givenConfirmed();
    for (const user of [testUser(), testUser({ roles: ['host'] }), testUser({ roles: ['admin'] })]) {
      expectProblem(await cancel(booking, user), 404, 'booking.not_found');
      const response = await bookings.as(user).get(`/v1/bookings/${booking.id}/cancellation`);
      expectProblem(response, 404, 'booking.not_found');
    }
  });

  it('applies one of four concurrent cancellations by guest and host', async () => {
    const booking = await bookings.givenConfirmed();
    const { host } = booking.listing;
    const responses = await Promise.all([
      cancel(booking),
      cancel(booking, host),
      cancel(booking),
      cancel(booking, host),
    ]);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const response of responses)
      if (response.status !== 200) expectProblem(response, 409, 'booking.transition_not_allowed');
    expect(await cancelled(booking)).toHaveLength(1);
  });

  it('cancels once for two requests with the same Idempotency-Key', async () => {
    const booking = await bookings.givenConfirmed();
    const key = { 'idempotency-key': randomUUID() };
    const first = await cancel(booking, booking.guest, key);
    const again = await cancel(booking, booking.guest, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await cancelled(booking)).toHaveLength(1);
  });

  it('400: rejects a cancellation without a reason', async () => {
    const booking = await bookings.givenConfirmed();
    const response = await bookings.as(booking.guest).post(`/v1/bookings/${booking.id}/cancel`, {});
    expectProblem(response, 400, 'request.invalid', '/reason');
  });
});
