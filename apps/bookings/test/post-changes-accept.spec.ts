import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import { BookingChange } from '../src/booking/change/change.dto.js';
import {
  june,
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

const said = async (type: `booking.change-${'accepted' | 'applied' | 'closed'}`, booking: TestBooking) =>
  (await bookings.service.published(type)).filter((event) => event.bookingId === booking.id);

const more = { checkOutDate: '2027-06-15' };
const fewer = { checkOutDate: '2027-06-13' };
const total = 51_300;

describe('200', () => {
  it('more is due: an hour to pay it, the dates held, the old terms in force', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    expect(change).toMatchObject({ state: 'awaiting_payment', differenceMinor: 11_400 });
    expect(change.expiresAt).toMatch(/^2027-03-02T13:00:/);
    expect(await bookings.read(booking)).toMatchObject({
      ...june,
      totalMinor: total,
      openChange: { id: change.id, state: 'awaiting_payment' },
      history: [{}, {}, { by: 'guest', event: 'change_proposed' }, { by: 'host', event: 'change_accepted' }],
    });
    expect(await said('booking.change-accepted', booking)).toEqual([
      expect.objectContaining({
        by: 'host',
        outcome: null,
        totalMinor: total,
        differenceMinor: 11_400,
        expiresAt: change.expiresAt,
        newTotals: { totalMinor: 62_700, hostPayoutMinor: 53_350, platformFeeMinor: 9_350, taxMinor: 0 },
      }),
    ]);
    expect(await said('booking.change-applied', booking)).toEqual([]);
    expect(await bookings.isFree(booking.listing, '2027-06-14')).toBe(false);
  });

  it('paid: applied, once, however often it is told', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.changePaid(booking, change, { id: randomUUID(), times: 2 });
    await bookings.changePaid(booking, change);
    const read = await bookings.read(booking);
    expect(read).toMatchObject({
      state: 'confirmed',
      checkOutDate: '2027-06-15',
      checkOutAt: '2027-06-15T15:00:00.000Z',
      totalMinor: 62_700,
      host: { payoutMinor: 53_350 },
      openChange: null,
    });
    expect(read.lines.reduce((sum, line) => sum + line.amountMinor, 0)).toBe(62_700);
    expect(read.history.at(-1)).toMatchObject({ by: 'payment', event: 'change_applied' });
    expect(await said('booking.change-applied', booking)).toEqual([
      expect.objectContaining({
        state: 'confirmed',
        checkOutDate: '2027-06-15',
        totalMinor: 62_700,
        hostPayoutMinor: 53_350,
        platformFeeMinor: 9_350,
        taxMinor: 0,
        differenceMinor: 11_400,
        by: 'system',
        outcome: null,
        expiresAt: null,
      }),
    ]);
    expect(await bookings.readChange(booking, change)).toMatchObject({ state: 'applied', expiresAt: null });
    await bookings.service.clock.set('2027-06-15T14:59:30Z');
    expect(await bookings.stateOf(booking)).toBe('in_stay');
    await bookings.service.clock.set('2027-06-15T15:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('completed');
  });

  it('less is due: applied at once, the nights given back are free', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, fewer);
    expect(change).toMatchObject({ state: 'applied', differenceMinor: -11_400, expiresAt: null });
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-13', totalMinor: 39_900 });
    expect(await bookings.isFree(booking.listing, '2027-06-13')).toBe(true);
    const [accepted] = await said('booking.change-accepted', booking);
    const [applied] = await said('booking.change-applied', booking);
    expect(accepted).toMatchObject({ checkOutDate: '2027-06-14', totalMinor: total });
    expect(applied).toMatchObject({
      checkOutDate: '2027-06-13',
      totalMinor: 39_900,
      differenceMinor: -11_400,
    });
  });

  it('the host proposes, the guest accepts and pays', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more, booking.listing.host);
    expect(change).toMatchObject({ proposedBy: 'host', state: 'awaiting_payment' });
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-15' });
  });

  it('a part of it is not paid', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.changePaid(booking, { ...change, differenceMinor: 11_399 });
    expect(await bookings.readChange(booking, change)).toMatchObject({ state: 'awaiting_payment' });
  });

  it('in stay: a night more, and payouts, check-out and schedule follow', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-11T12:00:00Z');
    const change = await bookings.givenAccepted(booking, more);
    await bookings.changePaid(booking, change);
    const read = await bookings.read(booking);
    expect(read).toMatchObject({ state: 'in_stay', checkOutDate: '2027-06-15' });
    expect(read.refundSchedule.at(-1)).toMatchObject({ until: '2027-06-15T15:00:00.000Z' });
    expect(Date.parse(read.refundSchedule[0]?.until ?? '')).toBeGreaterThan(
      Date.parse('2027-06-11T12:00:00Z'),
    );
    await bookings.service.clock.set('2027-06-15T15:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('completed');
  });

  it('the same key twice: accepted once, answered twice', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, more);
    const key = { 'idempotency-key': randomUUID() };
    const first = await bookings.answerChange(booking, change, 'accept', booking.listing.host, key);
    const again = await bookings.answerChange(booking, change, 'accept', booking.listing.host, key);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(shaped(BookingChange, first.body));
    expect(await said('booking.change-accepted', booking)).toHaveLength(1);
  });

  it('the hour to pay ends with the check-in, that of either terms', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-10T18:30:00Z');
    const change = await bookings.givenAccepted(booking, more);
    expect(change.expiresAt).toBe('2027-06-10T19:00:00.000Z');
    const early = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T18:10:00Z');
    const moved = await bookings.givenAccepted(early, { checkInDate: '2027-06-09' });
    expect(moved.expiresAt).toBe('2027-06-09T19:00:00.000Z');
  });
});

describe('refusals', () => {
  it('403: who proposed can’t accept', async () => {
    const booking = await bookings.givenConfirmed();
    for (const user of [booking.guest, booking.listing.host]) {
      const change = await bookings.givenChange(booking, more, user);
      expectProblem(await bookings.answerChange(booking, change, 'accept', user), 403, 'auth.forbidden');
      expectProblem(await bookings.answerChange(booking, change, 'decline', user), 403, 'auth.forbidden');
      await bookings.answerChange(booking, change, 'withdraw', user);
    }
  });

  it('401, 403, 404: nobody, an unverified mail, strangers, other bookings', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, more);
    const { host } = booking.listing;
    const path = `/v1/bookings/${booking.id}/changes/${change.id}/accept`;
    expectProblem(await bookings.service.anonymous.post(path), 401, 'auth.missing_token');
    const unverified = aUser({ id: host.id, emailVerified: false, roles: ['host'] });
    expectProblem(await bookings.as(unverified).post(path), 403, 'auth.email_unverified');
    for (const user of [aUser(), aUser({ roles: ['admin'] })]) {
      expectProblem(await bookings.as(user).post(path), 404, 'booking.not_found');
    }
    const other = await bookings.givenConfirmed({
      listing: booking.listing,
      checkInDate: '2027-07-01',
      checkOutDate: '2027-07-03',
    });
    for (const id of [change.id, randomUUID()]) {
      const answer = await bookings.as(host).post(`/v1/bookings/${other.id}/changes/${id}/accept`);
      expectProblem(answer, 404, 'change.not_found');
    }
    expectProblem(
      await bookings.as(host).post(`/v1/bookings/${booking.id}/changes/1/accept`),
      400,
      'request.invalid',
    );
  });

  it('409: a second time, and after it was declined or withdrawn', async () => {
    const booking = await bookings.givenConfirmed();
    const accepted = await bookings.givenAccepted(booking, more);
    expectProblem(
      await bookings.answerChange(booking, accepted, 'accept'),
      409,
      'change.transition_not_allowed',
    );
    for (const [what, by] of [
      ['decline', undefined],
      ['withdraw', booking.guest],
    ] as const) {
      const other = await bookings.givenConfirmed({ guest: booking.guest });
      const change = await bookings.givenChange(other, more);
      await bookings.answerChange(other, change, what, by);
      expectProblem(
        await bookings.answerChange(other, change, 'accept'),
        409,
        'change.transition_not_allowed',
      );
    }
  });

  it('409: its time is over, to the second, whether or not a sweeper came by', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, more);
    await bookings.service.query(`UPDATE booking_change SET expires_at = $2 WHERE id = $1`, [
      change.id,
      bookings.service.clock.now().toISOString(),
    ]);
    await bookings.service.query('UPDATE booking SET due_at = $2 WHERE id = $1', [
      booking.id,
      bookings.service.clock.now().toISOString(),
    ]);
    expectProblem(
      await bookings.answerChange(booking, change, 'accept'),
      409,
      'change.transition_not_allowed',
    );
    expect(await said('booking.change-accepted', booking)).toEqual([]);
  });
});

describe('at once', () => {
  it('two accepts: one', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, more);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => bookings.answerChange(booking, change, 'accept')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409))
      expectProblem(answer, 409, 'change.transition_not_allowed');
    expect(await said('booking.change-accepted', booking)).toHaveLength(1);
  });

  it('accepted, declined and withdrawn: one of them', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, fewer);
    const answers = await Promise.all([
      bookings.answerChange(booking, change, 'accept'),
      bookings.answerChange(booking, change, 'decline'),
      bookings.answerChange(booking, change, 'withdraw', booking.guest),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const ends = [
      ...(await said('booking.change-applied', booking)),
      ...(await said('booking.change-closed', booking)),
    ];
    expect(ends).toHaveLength(1);
    expect(await bookings.strayHolds()).toEqual([]);
  });

  it('a change and a cancel: never a change to a cancelled booking, never a cancel by half the terms', async () => {
    for (let round = 0; round < 5; round += 1) {
      const booking = await bookings.givenConfirmed();
      const change = await bookings.givenChange(booking, fewer);
      const [accept, cancel] = await Promise.all([
        bookings.answerChange(booking, change, 'accept'),
        bookings.as(booking.guest).post<Booking>(`/v1/bookings/${booking.id}/cancel`, { reason: 'Ill' }),
      ]);
      expect(cancel.status).toBe(200);
      const applied = accept.status === 200;
      if (!applied) expectProblem(accept, 409, 'change.transition_not_allowed');
      expect(cancel.body.cancellation?.refundMinor).toBe(applied ? 39_900 : total);
      expect(await bookings.readChange(booking, change)).toMatchObject({
        state: applied ? 'applied' : 'closed',
      });
      expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
    }
  });
});

it('after all this no night is lost or held for nothing', async () => {
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await bookings.leaked()).toEqual([]);
  expect(await bookings.strayHolds()).toEqual([]);
});
