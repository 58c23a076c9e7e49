import { expectProblem } from '@roost/testing';
import { Booking } from '../src/booking/booking.dto.js';
import type { BookingChange } from '../src/booking/change/change.dto.js';
import { expectShape, juneStay, startReplica, useBookings, type TestBooking } from './bookings.fixture.js';
import { longerStay } from './changes.fixture.js';

const bookings = useBookings({ resetClock: true });

const closed = (booking: TestBooking) => bookings.publishedFor('booking.change-closed', booking);
const applied = (booking: TestBooking) => bookings.publishedFor('booking.change-applied', booking);

/** The change ended in `state`; the booking and its nights are unchanged. */
async function expectEnded(
  booking: TestBooking,
  change: BookingChange,
  { state, by }: { state: BookingChange['state']; by: string },
): Promise<void> {
  const read = await bookings.read(booking);
  expect(read).toMatchObject({ ...juneStay, totalMinor: booking.dto.totalMinor, openChange: null });
  expect(await bookings.changes.read(booking, change)).toMatchObject({ state, expiresAt: null });
  expect(await closed(booking)).toEqual([
    expect.objectContaining({
      changeId: change.id,
      outcome: state,
      by,
      expiresAt: null,
      totalMinor: booking.dto.totalMinor,
    }),
  ]);
  expect(await bookings.calendar.isFree(booking.listing, '2027-06-14')).toBe(true);
  expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
}

describe('a change ends by a response', () => {
  it('when the other side declines it', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    const response = await bookings.changes.respond(booking, change, 'decline');
    expect(response.body).toMatchObject({ state: 'declined', expiresAt: null });
    await expectEnded(booking, change, { state: 'declined', by: 'host' });
    expectProblem(
      await bookings.changes.respond(booking, change, 'decline'),
      409,
      'change.transition_not_allowed',
    );
    expectProblem(
      await bookings.changes.respond(booking, change, 'withdraw', { by: booking.guest }),
      409,
      'change.transition_not_allowed',
    );
  });

  it('when the proposer, and only the proposer, withdraws it', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    expectProblem(await bookings.changes.respond(booking, change, 'withdraw'), 403, 'auth.forbidden');
    expect((await bookings.changes.respond(booking, change, 'withdraw', { by: booking.guest })).status).toBe(
      200,
    );
    await expectEnded(booking, change, { state: 'withdrawn', by: 'guest' });
    expect((await bookings.changes.propose(booking, longerStay)).status).toBe(201);
  });

  it('when the guest, and only the guest, withdraws it after acceptance', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay, booking.listing.host);
    expectProblem(
      await bookings.changes.respond(booking, change, 'withdraw', { by: booking.listing.host }),
      403,
      'auth.forbidden',
    );
    expectProblem(
      await bookings.changes.respond(booking, change, 'decline'),
      409,
      'change.transition_not_allowed',
    );
    expect((await bookings.changes.respond(booking, change, 'withdraw', { by: booking.guest })).status).toBe(
      200,
    );
    await expectEnded(booking, change, { state: 'withdrawn', by: 'guest' });
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...juneStay });
    expect(await closed(booking)).toHaveLength(1);
  });
});

describe('a change ends by time', () => {
  it('24 hours after the proposal without a response', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    await bookings.service.clock.advance('PT23H59M');
    expect(await bookings.changes.read(booking, change)).toMatchObject({ state: 'proposed' });
    await bookings.service.clock.advance('PT1M1S');
    await expectEnded(booking, change, { state: 'expired', by: 'system' });
    await bookings.service.clock.set('2027-06-10T19:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('in_stay');
  });

  it('an hour after acceptance without a payment', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.service.clock.advance('PT1H1S');
    await expectEnded(booking, change, { state: 'expired', by: 'system' });
  });

  it('once when two replicas sweep concurrently', async () => {
    const listing = await bookings.givenListing();
    const given = await Promise.all(
      ['01', '05', '09', '13', '17', '21'].map(async (day) => {
        const dates = {
          checkInDate: `2027-07-${day}`,
          checkOutDate: `2027-07-${String(Number(day) + 2).padStart(2, '0')}`,
        };
        const booking = await bookings.givenConfirmed({ listing, ...dates });
        await bookings.changes.givenProposed(booking, {
          checkOutDate: `2027-07-${String(Number(day) + 3).padStart(2, '0')}`,
        });
        return booking;
      }),
    );
    const replica = await startReplica(bookings);
    try {
      const later = '2027-03-03T12:05:00Z';
      await Promise.all([replica.clock.set(later), bookings.service.clock.set(later)]);
      for (const booking of given) {
        expect((await bookings.read(booking)).openChange).toBeNull();
        expect(await closed(booking)).toHaveLength(1);
      }
    } finally {
      await replica.close();
    }
  });

  it('before check-in and check-out when the clock passes all of them', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.service.clock.set('2027-07-01T00:00:00Z');
    expect(await bookings.read(booking)).toMatchObject({
      state: 'completed',
      history: [
        {},
        {},
        { event: 'change_proposed' },
        { event: 'change_accepted' },
        { event: 'change_time_ran_out', by: 'system' },
        { event: 'check_in_reached' },
        { event: 'check_out_reached' },
      ],
    });
  });
});

describe('a change ends by its payment', () => {
  it('when the payment is voided, once for duplicate events', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.payments.changeVoided(booking, change);
    await expectEnded(booking, change, { state: 'payment_failed', by: 'system' });
    await bookings.payments.changeVoided(booking, change);
    expect(await closed(booking)).toHaveLength(1);
  });
});

describe('a change ends with its booking', () => {
  it('at check-in', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-10T10:00:00Z');
    const change = await bookings.changes.givenProposed(booking, longerStay);
    expect(change.expiresAt).toBe('2027-06-10T19:00:00.000Z');
    await bookings.service.clock.set('2027-06-10T19:00:00Z');
    await expectEnded(booking, change, { state: 'closed', by: 'system' });
    expect(await bookings.stateOf(booking)).toBe('in_stay');
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...juneStay });
  });

  it('at check-out', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-14T10:00:00Z');
    const change = await bookings.changes.givenProposed(booking, longerStay);
    expect(change.expiresAt).toBe('2027-06-14T15:00:00.000Z');
    await bookings.service.clock.set('2027-06-14T15:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('completed');
    expect(await bookings.changes.read(booking, change)).toMatchObject({ state: 'closed' });
  });

  it.each(['guest', 'host', 'admin'] as const)(
    'on a cancellation by the %s, which uses the old terms',
    async (by) => {
      const booking = await bookings.givenConfirmed();
      const change = await bookings.changes.givenAccepted(booking, longerStay);
      const { body } = await bookings.cancel(booking, by, 51_300);
      expectShape(Booking, body);
      expect(body).toMatchObject({
        state: 'cancelled',
        openChange: null,
        cancellation: { refundMinor: 51_300 },
      });
      expect(body.history.slice(-2)).toMatchObject([
        { by, event: 'change_booking_moved_on' },
        { by, event: `${by}_cancelled` },
      ]);
      expect((await closed(booking)).map(({ outcome, by: closedBy }) => ({ outcome, closedBy }))).toEqual([
        { outcome: 'closed', closedBy: by },
      ]);
      expect(await bookings.calendar.isFree(booking.listing, '2027-06-14')).toBe(true);
      await bookings.payments.changeCaptured(booking, change);
      expect(await bookings.stateOf(booking)).toBe('cancelled');
      expect(await applied(booking)).toEqual([]);
    },
  );
});

it('leaves the calendar consistent', () => bookings.calendar.expectConsistent());
