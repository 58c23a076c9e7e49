import { randomUUID } from 'node:crypto';
import { aUser, expectProblem, type TestUser } from '@roost/testing';
import { CancellationPreview, type Booking } from '../src/booking/booking.dto.js';
import {
  shaped,
  start,
  startBookings,
  type BookingsUnderTest,
  type TestBooking,
} from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(() => bookings.service.clock.set(start));
afterAll(() => bookings?.close());

const cancel = (booking: TestBooking, user: TestUser = booking.guest, headers = {}) =>
  bookings.as(user).post<Booking>(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' }, headers);
const preview = async (
  booking: TestBooking,
  user: TestUser = booking.guest,
): Promise<CancellationPreview> => {
  const answer = await bookings.as(user).get(`/v1/bookings/${booking.id}/cancellation`);
  return shaped(CancellationPreview, answer.body);
};
const cancelled = async (booking: TestBooking) =>
  (await bookings.service.published('booking.cancelled')).filter((event) => event.bookingId === booking.id);

// 4 × 100.00 + 50.00 cleaning + 63.00 service fee (14 %); the host's fee is 13.50 (3 %).
const total = 51_300;

describe('a guest', () => {
  it('flexible, a day ahead: everything back; the dates are free', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T18:59:30Z');
    const promised = await preview(booking);
    expect(promised).toMatchObject({ refundMinor: total, currency: 'USD' });
    const { status, body } = await cancel(booking);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'cancelled',
      cancellation: { by: 'guest', reason: 'Plans changed', refundMinor: total, lines: promised.lines },
    });
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({
        by: 'guest',
        state: 'cancelled',
        refundMinor: total,
        hostPenaltyMinor: 0,
        hostPayoutMinor: 0,
        platformFeeMinor: 0,
        cancelledAt: expect.stringMatching(/^2027-06-09T18:59:3/) as string,
      }),
    ]);
    expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
  });

  it('flexible, less than a day ahead: the first night and the fee are kept, and shared out anew', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T19:00:01Z');
    expect((await cancel(booking)).body).toMatchObject({
      cancellation: { refundMinor: total - 10_000 - 6_300 },
    });
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({
        refundMinor: 35_000,
        refundLines: [
          { kind: 'night', refundMinor: 30_000 },
          { kind: 'cleaning', refundMinor: 5_000 },
        ],
        // of the night that is kept: 3 % for the host's fee
        hostPayoutMinor: 9_700,
        platformFeeMinor: 6_600,
      }),
    ]);
  });

  it('in stay: nights stayed and one more are kept, the others are free again', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-11T16:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('in_stay');
    const { body } = await cancel(booking);
    expect(body).toMatchObject({ state: 'cancelled', cancellation: { refundMinor: 10_000 } });
    await bookings.service.clock.set(start);
    expect(await bookings.isFree(booking.listing, '2027-06-11')).toBe(false);
    expect(await bookings.isFree(booking.listing, '2027-06-12')).toBe(true);
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('the preview keeps its word at every step of the schedule', async () => {
    const booking = await bookings.givenConfirmed({
      listing: await bookings.givenListing({ cancellationPolicy: 'firm' }),
    });
    const { schedule } = await preview(booking);
    expect(schedule.length).toBeGreaterThan(2);
    for (const step of schedule) {
      await bookings.service.clock.set(new Date(Date.parse(step.until) - 2_000));
      expect(await preview(booking)).toMatchObject({ refundMinor: step.refundMinor });
    }
  });

  it('withdraws before paying: nothing to give back, the dates are free', async () => {
    const booking = await bookings.givenBooking();
    expect(await preview(booking)).toMatchObject({ refundMinor: 0, lines: [] });
    expect((await cancel(booking)).body).toMatchObject({
      state: 'cancelled',
      cancellation: { refundMinor: 0, lines: [] },
    });
    // Should money still arrive, all of it goes back.
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({ refundMinor: total, hostPayoutMinor: 0 }),
    ]);
    expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
  });

  it('withdraws a request: all that was authorized comes back', async () => {
    const booking = await bookings.givenRequest();
    expect(await preview(booking)).toMatchObject({ refundMinor: total });
    expect((await cancel(booking)).body).toMatchObject({
      state: 'cancelled',
      cancellation: { refundMinor: total },
    });
  });
});

describe('a host', () => {
  it('before check-in: everything back, a penalty, and the dates stay blocked', async () => {
    const booking = await bookings.givenConfirmed();
    const { host } = booking.listing;
    // 100 days ahead: 10 % of 450.00 is less than the least, 50.00
    expect(await preview(booking, host)).toMatchObject({ refundMinor: total, hostPenaltyMinor: 5_000 });
    expect((await cancel(booking, host)).body).toMatchObject({
      state: 'cancelled',
      cancellation: { by: 'host' },
    });
    expect(await cancelled(booking)).toEqual([
      expect.objectContaining({
        by: 'host',
        refundMinor: total,
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

  it('shortly before: half of nights and cleaning', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T00:00:00Z');
    await cancel(booking, booking.listing.host);
    expect(await cancelled(booking)).toEqual([expect.objectContaining({ hostPenaltyMinor: 22_500 })]);
  });

  it('in stay: the nights not stayed, which become a block', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-12T03:30:00Z');
    // 23:30 on the 11th in New York: two nights have begun.
    expect((await cancel(booking, booking.listing.host)).body).toMatchObject({
      cancellation: { refundMinor: 20_000 },
    });
    expect(await bookings.overlaps()).toEqual([]);
    const blocks = await bookings.service.query(
      `SELECT k.from_date::text AS "from", k.to_date::text AS "to" FROM calendar_block k
       JOIN calendar_listing l ON l.id = k.listing_id WHERE l.public_id = $1`,
      [booking.listing.id],
    );
    expect(blocks).toEqual([{ from: '2027-06-12', to: '2027-06-14' }]);
  });

  it('409: can decline, but not cancel, what is not confirmed', async () => {
    for (const booking of [await bookings.givenBooking(), await bookings.givenRequest()]) {
      expectProblem(await cancel(booking, booking.listing.host), 409, 'booking.transition_not_allowed');
    }
  });
});

describe('refusals and races', () => {
  it('409: while the capture is under way', async () => {
    const booking = await bookings.givenRequest();
    await bookings.as(booking.listing.host).post(`/v1/bookings/${booking.id}/accept`);
    expectProblem(await cancel(booking), 409, 'booking.transition_not_allowed');
    const answer = await bookings.as(booking.guest).get(`/v1/bookings/${booking.id}/cancellation`);
    expectProblem(answer, 409, 'booking.transition_not_allowed');
  });

  it('404: a stranger, for the preview too; an administrator has a route of her own', async () => {
    const booking = await bookings.givenConfirmed();
    for (const user of [aUser(), aUser({ roles: ['host'] }), aUser({ roles: ['admin'] })]) {
      expectProblem(await cancel(booking, user), 404, 'booking.not_found');
      const answer = await bookings.as(user).get(`/v1/bookings/${booking.id}/cancellation`);
      expectProblem(answer, 404, 'booking.not_found');
    }
  });

  it('guest and host cancel at once, twice each: one cancellation', async () => {
    const booking = await bookings.givenConfirmed();
    const { host } = booking.listing;
    const answers = await Promise.all([
      cancel(booking),
      cancel(booking, host),
      cancel(booking),
      cancel(booking, host),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers)
      if (answer.status !== 200) expectProblem(answer, 409, 'booking.transition_not_allowed');
    expect(await cancelled(booking)).toHaveLength(1);
  });

  it('the same key twice: cancelled once, answered twice', async () => {
    const booking = await bookings.givenConfirmed();
    const key = { 'idempotency-key': randomUUID() };
    const first = await cancel(booking, booking.guest, key);
    const again = await cancel(booking, booking.guest, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await cancelled(booking)).toHaveLength(1);
  });

  it('400: no reason', async () => {
    const booking = await bookings.givenConfirmed();
    const answer = await bookings.as(booking.guest).post(`/v1/bookings/${booking.id}/cancel`, {});
    expectProblem(answer, 400, 'request.invalid', '/reason');
  });
});
