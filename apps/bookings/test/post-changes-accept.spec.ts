import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { BookingChange } from '../src/booking/change/change.dto.js';
import { expectShape, juneStay, juneTotalMinor, useBookings } from './bookings.fixture.js';
import { longerStay, shorterStay } from './changes.fixture.js';

const bookings = useBookings({ resetClock: true });

describe('200', () => {
  it('a higher total: holds the nights for an hour until the payment and leaves the terms unchanged', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    expect(change).toMatchObject({ state: 'awaiting_payment', differenceMinor: 11_400 });
    expect(change.expiresAt).toMatch(/^2027-03-02T13:00:/);
    expect(await bookings.read(booking)).toMatchObject({
      ...juneStay,
      totalMinor: juneTotalMinor,
      openChange: { id: change.id, state: 'awaiting_payment' },
      history: [{}, {}, { by: 'guest', event: 'change_proposed' }, { by: 'host', event: 'change_accepted' }],
    });
    expect(await bookings.publishedFor('booking.change-accepted', booking)).toEqual([
      expect.objectContaining({
        by: 'host',
        outcome: null,
        totalMinor: juneTotalMinor,
        differenceMinor: 11_400,
        expiresAt: change.expiresAt,
        newTotals: { totalMinor: 62_700, hostPayoutMinor: 53_350, platformFeeMinor: 9_350, taxMinor: 0 },
      }),
    ]);
    expect(await bookings.publishedFor('booking.change-applied', booking)).toEqual([]);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-14')).toBe(false);
  });

  it('applies a paid change once for duplicate events', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.payments.changeCaptured(booking, change, { id: randomUUID(), times: 2 });
    await bookings.payments.changeCaptured(booking, change);
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
    expect(await bookings.publishedFor('booking.change-applied', booking)).toEqual([
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
    expect(await bookings.changes.read(booking, change)).toMatchObject({ state: 'applied', expiresAt: null });
    await bookings.service.clock.set('2027-06-15T14:59:30Z');
    expect(await bookings.stateOf(booking)).toBe('in_stay');
    await bookings.service.clock.set('2027-06-15T15:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('completed');
  });

  it('a lower total: applies the change immediately and releases the nights', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, shorterStay);
    expect(change).toMatchObject({ state: 'applied', differenceMinor: -11_400, expiresAt: null });
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-13', totalMinor: 39_900 });
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-13')).toBe(true);
    const [accepted] = await bookings.publishedFor('booking.change-accepted', booking);
    const [applied] = await bookings.publishedFor('booking.change-applied', booking);
    expect(accepted).toMatchObject({ checkOutDate: '2027-06-14', totalMinor: juneTotalMinor });
    expect(applied).toMatchObject({
      checkOutDate: '2027-06-13',
      totalMinor: 39_900,
      differenceMinor: -11_400,
    });
  });

  it('applies a proposal of the host that the guest accepts and pays', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay, booking.listing.host);
    expect(change).toMatchObject({ proposedBy: 'host', state: 'awaiting_payment' });
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-15' });
  });

  it('does not apply a change that is paid in part', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.payments.changeCaptured(booking, { ...change, differenceMinor: 11_399 });
    expect(await bookings.changes.read(booking, change)).toMatchObject({ state: 'awaiting_payment' });
  });

  it('in stay: updates check-out and refund schedule of a longer stay', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-11T12:00:00Z');
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.payments.changeCaptured(booking, change);
    const read = await bookings.read(booking);
    expect(read).toMatchObject({ state: 'in_stay', checkOutDate: '2027-06-15' });
    expect(read.refundSchedule.at(-1)).toMatchObject({ until: '2027-06-15T15:00:00.000Z' });
    expect(Date.parse(read.refundSchedule[0]?.until ?? '')).toBeGreaterThan(
      Date.parse('2027-06-11T12:00:00Z'),
    );
    await bookings.service.clock.set('2027-06-15T15:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('completed');
  });

  it('accepts once for two requests with the same Idempotency-Key', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    const headers = { 'idempotency-key': randomUUID() };
    const first = await bookings.changes.respond(booking, change, 'accept', { headers });
    const again = await bookings.changes.respond(booking, change, 'accept', { headers });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(expectShape(BookingChange, first.body));
    expect(await bookings.publishedFor('booking.change-accepted', booking)).toHaveLength(1);
  });

  it('limits the payment time to the earlier check-in of old and new terms', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-10T18:30:00Z');
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    expect(change.expiresAt).toBe('2027-06-10T19:00:00.000Z');
    const early = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T18:10:00Z');
    const moved = await bookings.changes.givenAccepted(early, { checkInDate: '2027-06-09' });
    expect(moved.expiresAt).toBe('2027-06-09T19:00:00.000Z');
  });
});

describe('rejections', () => {
  it('403: rejects acceptance by the proposer', async () => {
    const booking = await bookings.givenConfirmed();
    for (const user of [booking.guest, booking.listing.host]) {
      const change = await bookings.changes.givenProposed(booking, longerStay, user);
      expectProblem(
        await bookings.changes.respond(booking, change, 'accept', { by: user }),
        403,
        'auth.forbidden',
      );
      expectProblem(
        await bookings.changes.respond(booking, change, 'decline', { by: user }),
        403,
        'auth.forbidden',
      );
      await bookings.changes.respond(booking, change, 'withdraw', { by: user });
    }
  });

  it('401, 403, 404: rejects requests without a token, unverified hosts, other users and other bookings', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    const { host } = booking.listing;
    const path = `/v1/bookings/${booking.id}/changes/${change.id}/accept`;
    expectProblem(await bookings.service.anonymous.post(path), 401, 'auth.missing_token');
    const unverified = testUser({ id: host.id, emailVerified: false, roles: ['host'] });
    expectProblem(await bookings.as(unverified).post(path), 403, 'auth.email_unverified');
    for (const user of [testUser(), testUser({ roles: ['admin'] })]) {
      expectProblem(await bookings.as(user).post(path), 404, 'booking.not_found');
    }
    const other = await bookings.givenConfirmed({
      listing: booking.listing,
      checkInDate: '2027-07-01',
      checkOutDate: '2027-07-03',
    });
    for (const id of [change.id, randomUUID()]) {
      const response = await bookings.as(host).post(`/v1/bookings/${other.id}/changes/${id}/accept`);
      expectProblem(response, 404, 'change.not_found');
    }
    expectProblem(
      await bookings.as(host).post(`/v1/bookings/${booking.id}/changes/1/accept`),
      400,
      'request.invalid',
    );
  });

  it('409: rejects a second acceptance and a declined or withdrawn change', async () => {
    const booking = await bookings.givenConfirmed();
    const accepted = await bookings.changes.givenAccepted(booking, longerStay);
    expectProblem(
      await bookings.changes.respond(booking, accepted, 'accept'),
      409,
      'change.transition_not_allowed',
    );
    for (const [response, by] of [
      ['decline', undefined],
      ['withdraw', booking.guest],
    ] as const) {
      const other = await bookings.givenConfirmed({ guest: booking.guest });
      const change = await bookings.changes.givenProposed(other, longerStay);
      await bookings.changes.respond(other, change, response, by ? { by } : {});
      expectProblem(
        await bookings.changes.respond(other, change, 'accept'),
        409,
        'change.transition_not_allowed',
      );
    }
  });

  it('409: rejects an overdue change before the sweep, to the second', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    await bookings.changes.makeDue(booking, change);
    expectProblem(
      await bookings.changes.respond(booking, change, 'accept'),
      409,
      'change.transition_not_allowed',
    );
    expect(await bookings.publishedFor('booking.change-accepted', booking)).toEqual([]);
  });
});

describe('concurrent requests', () => {
  it('accept once for four requests', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    const responses = await Promise.all(
      Array.from({ length: 4 }, () => bookings.changes.respond(booking, change, 'accept')),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    for (const response of responses.filter(({ status }) => status === 409))
      expectProblem(response, 409, 'change.transition_not_allowed');
    expect(await bookings.publishedFor('booking.change-accepted', booking)).toHaveLength(1);
  });

  it('apply one of acceptance, decline and withdrawal', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, shorterStay);
    const responses = await Promise.all([
      bookings.changes.respond(booking, change, 'accept'),
      bookings.changes.respond(booking, change, 'decline'),
      bookings.changes.respond(booking, change, 'withdraw', { by: booking.guest }),
    ]);
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const ends = [
      ...(await bookings.publishedFor('booking.change-applied', booking)),
      ...(await bookings.publishedFor('booking.change-closed', booking)),
    ];
    expect(ends).toHaveLength(1);
    expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
  });

  it('never change a cancelled booking and never refund by mixed terms', async () => {
    for (let round = 0; round < 5; round += 1) {
      const booking = await bookings.givenConfirmed();
      const change = await bookings.changes.givenProposed(booking, shorterStay);
      const [accept, cancel] = await Promise.all([
        bookings.changes.respond(booking, change, 'accept'),
        bookings.cancel(booking),
      ]);
      expect(cancel.status).toBe(200);
      const applied = accept.status === 200;
      if (!applied) expectProblem(accept, 409, 'change.transition_not_allowed');
      expect(cancel.body.cancellation?.refundMinor).toBe(applied ? 39_900 : juneTotalMinor);
      expect(await bookings.changes.read(booking, change)).toMatchObject({
        state: applied ? 'applied' : 'closed',
      });
      expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
    }
  });
});

it('leaves the calendar consistent', () => bookings.calendar.expectConsistent());
