import { expectProblem, startTestService } from '@roost/testing';
import { Booking } from '../src/booking/booking.dto.js';
import type { BookingChange as ChangeDto } from '../src/booking/change/change.dto.js';
import { bookings as definition } from '../src/service.js';
import {
  june,
  shaped,
  start,
  startBookings,
  type BookingsUnderTest,
  type TestBooking,
} from './bookings.fixture.js';

/** How an open change ends: by a word, by time, by its payment, or by what happens to the booking. */
let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(() => bookings.service.clock.set(start));
afterAll(() => bookings?.close());

const more = { checkOutDate: '2027-06-15' };
const closed = async (booking: TestBooking) =>
  (await bookings.service.published('booking.change-closed')).filter(
    (event) => event.bookingId === booking.id,
  );
const applied = async (booking: TestBooking) =>
  (await bookings.service.published('booking.change-applied')).filter(
    (event) => event.bookingId === booking.id,
  );

async function expectAsBefore(
  booking: TestBooking,
  change: ChangeDto,
  state: ChangeDto['state'],
  by: string,
) {
  const read = await bookings.read(booking);
  expect(read).toMatchObject({ ...june, totalMinor: booking.dto.totalMinor, openChange: null });
  expect(await bookings.readChange(booking, change)).toMatchObject({ state, expiresAt: null });
  expect(await closed(booking)).toEqual([
    expect.objectContaining({
      changeId: change.id,
      outcome: state,
      by,
      expiresAt: null,
      totalMinor: booking.dto.totalMinor,
    }),
  ]);
  expect(await bookings.isFree(booking.listing, '2027-06-14')).toBe(true);
  expect(await bookings.strayHolds()).toEqual([]);
}

describe('by a word', () => {
  it('declined by the other side', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, more);
    const answer = await bookings.answerChange(booking, change, 'decline');
    expect(answer.body).toMatchObject({ state: 'declined', expiresAt: null });
    await expectAsBefore(booking, change, 'declined', 'host');
    expectProblem(
      await bookings.answerChange(booking, change, 'decline'),
      409,
      'change.transition_not_allowed',
    );
    expectProblem(
      await bookings.answerChange(booking, change, 'withdraw', booking.guest),
      409,
      'change.transition_not_allowed',
    );
  });

  it('withdrawn by the one who proposed it, and by nobody else', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, more);
    expectProblem(await bookings.answerChange(booking, change, 'withdraw'), 403, 'auth.forbidden');
    expect((await bookings.answerChange(booking, change, 'withdraw', booking.guest)).status).toBe(200);
    await expectAsBefore(booking, change, 'withdrawn', 'guest');
    expect((await bookings.propose(booking, more)).status).toBe(201);
  });

  it('once accepted only the guest, who would pay, may step back', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more, booking.listing.host);
    expectProblem(
      await bookings.answerChange(booking, change, 'withdraw', booking.listing.host),
      403,
      'auth.forbidden',
    );
    expectProblem(
      await bookings.answerChange(booking, change, 'decline'),
      409,
      'change.transition_not_allowed',
    );
    expect((await bookings.answerChange(booking, change, 'withdraw', booking.guest)).status).toBe(200);
    await expectAsBefore(booking, change, 'withdrawn', 'guest');
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...june });
    expect(await closed(booking)).toHaveLength(1);
  });
});

describe('by time', () => {
  it('nobody answers for 24 hours', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, more);
    await bookings.service.clock.advance('PT23H59M');
    expect(await bookings.readChange(booking, change)).toMatchObject({ state: 'proposed' });
    await bookings.service.clock.advance('PT1M1S');
    await expectAsBefore(booking, change, 'expired', 'system');
    await bookings.service.clock.set('2027-06-10T19:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('in_stay');
  });

  it('nobody pays for an hour', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.service.clock.advance('PT1H1S');
    await expectAsBefore(booking, change, 'expired', 'system');
  });

  it('several replicas sweep at once: everything once', async () => {
    const listing = await bookings.givenListing();
    const given = await Promise.all(
      ['01', '05', '09', '13', '17', '21'].map(async (day) => {
        const dates = {
          checkInDate: `2027-07-${day}`,
          checkOutDate: `2027-07-${String(Number(day) + 2).padStart(2, '0')}`,
        };
        const booking = await bookings.givenConfirmed({ listing, ...dates });
        await bookings.givenChange(booking, {
          checkOutDate: `2027-07-${String(Number(day) + 3).padStart(2, '0')}`,
        });
        return booking;
      }),
    );
    const replica = await startTestService(definition, {
      env: { DATABASE_URL: bookings.service.env['DATABASE_URL'] ?? '' },
    });
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

  it('a clock that jumps past it all: the change ends first, then the stay begins and ends', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.givenAccepted(booking, more);
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

describe('by its payment', () => {
  it('there will be no money', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.changeUnpaid(booking, change);
    await expectAsBefore(booking, change, 'payment_failed', 'system');
    await bookings.changeUnpaid(booking, change);
    expect(await closed(booking)).toHaveLength(1);
  });

  it('it lands late, the nights are still free: applied after all', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.service.clock.advance('PT1H1S');
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-15', totalMinor: 62_700 });
    expect(await bookings.isFree(booking.listing, '2027-06-14')).toBe(false);
    expect(await applied(booking)).toHaveLength(1);
    await bookings.changePaid(booking, change);
    expect(await applied(booking)).toHaveLength(1);
    expect(await bookings.unheld()).toEqual([]);
    expect(await bookings.strayHolds()).toEqual([]);
  });

  it('it lands late, before any sweeper came by', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    const past = bookings.service.clock.now().toISOString();
    await bookings.service.query('UPDATE booking_change SET expires_at = $2 WHERE id = $1', [
      change.id,
      past,
    ]);
    await bookings.service.query('UPDATE booking SET due_at = $2 WHERE id = $1', [booking.id, past]);
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-15' });
    expect(await closed(booking)).toHaveLength(1);
  });

  it('it lands late, and somebody else has a night: said once more that it expired, so that it goes back', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    const change = await bookings.givenAccepted(booking, more);
    await bookings.service.clock.advance('PT1H1S');
    await bookings.givenConfirmed({ listing, checkInDate: '2027-06-14', checkOutDate: '2027-06-16' });
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...june, openChange: null });
    expect(await applied(booking)).toEqual([]);
    expect((await closed(booking)).map(({ outcome }) => outcome)).toEqual(['expired', 'expired']);
    expect((await bookings.read(booking)).history.at(-1)).toMatchObject({
      event: 'change_late_payment_refused',
    });
    expect(await bookings.strayHolds()).toEqual([]);
  });

  it('it lands late, and another change was proposed since', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.service.clock.advance('PT1H1S');
    const other = await bookings.givenAccepted(booking, { checkOutDate: '2027-06-13' });
    expect(other.state).toBe('applied');
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-13', totalMinor: 39_900 });
    expect(await closed(booking)).toHaveLength(2);
  });

  it('it lands late, and the stay that it moves has begun', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-10T17:00:00Z');
    const change = await bookings.givenAccepted(booking, {
      checkInDate: '2027-06-11',
      checkOutDate: '2027-06-16',
    });
    await bookings.service.clock.set('2027-06-10T18:30:00Z');
    expect(await bookings.readChange(booking, change)).toMatchObject({ state: 'expired' });
    await bookings.service.clock.set('2027-06-10T19:00:01Z');
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...june, state: 'in_stay' });
    expect((await closed(booking)).map(({ outcome }) => outcome)).toEqual(['expired', 'expired']);
  });

  it.each([
    ['was cancelled', 'cancelled', async (booking: TestBooking) => void (await bookings.cancel(booking))],
    ['is over', 'completed', async () => await bookings.service.clock.set('2027-06-20T00:00:00Z')],
  ] as const)(
    'it lands late, and the booking %s: it goes back, and nothing is due',
    async (_, state, end) => {
      const booking = await bookings.givenConfirmed();
      const change = await bookings.givenAccepted(booking, more);
      await bookings.service.clock.advance('PT1H1S');
      await end(booking);
      await bookings.changePaid(booking, change);
      expect(await bookings.read(booking)).toMatchObject({ ...june, state });
      expect((await closed(booking)).map(({ outcome }) => outcome)).toEqual(['expired', 'expired']);
      expect(await bookings.service.query('SELECT due_at FROM booking WHERE id = $1', [booking.id])).toEqual([
        { due_at: null },
      ]);
    },
  );

  it('payments for changes and bookings that are none, or in another currency, are faults', async () => {
    const booking = await bookings.givenConfirmed();
    const other = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await expect(bookings.changePaid(other, change)).rejects.toThrow('a change that does not exist');
  });
});

describe('by what happens to the booking', () => {
  it('check-in closes it', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-10T10:00:00Z');
    const change = await bookings.givenChange(booking, more);
    expect(change.expiresAt).toBe('2027-06-10T19:00:00.000Z');
    await bookings.service.clock.set('2027-06-10T19:00:00Z');
    await expectAsBefore(booking, change, 'closed', 'system');
    expect(await bookings.stateOf(booking)).toBe('in_stay');
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...june });
  });

  it('check-out closes it', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-14T10:00:00Z');
    const change = await bookings.givenChange(booking, more);
    expect(change.expiresAt).toBe('2027-06-14T15:00:00.000Z');
    await bookings.service.clock.set('2027-06-14T15:00:00Z');
    expect(await bookings.stateOf(booking)).toBe('completed');
    expect(await bookings.readChange(booking, change)).toMatchObject({ state: 'closed' });
  });

  it.each(['guest', 'host', 'admin'] as const)(
    'a cancellation by the %s closes it, and settles the old terms',
    async (by) => {
      const booking = await bookings.givenConfirmed();
      const change = await bookings.givenAccepted(booking, more);
      const { body } = await bookings.cancel(booking, by, 51_300);
      shaped(Booking, body);
      expect(body).toMatchObject({
        state: 'cancelled',
        openChange: null,
        cancellation: { refundMinor: 51_300 },
      });
      expect(body.history.slice(-2)).toMatchObject([
        { by, event: 'change_booking_moved_on' },
        { by, event: `${by}_cancelled` },
      ]);
      expect((await closed(booking)).map(({ outcome, by: who }) => ({ outcome, who }))).toEqual([
        { outcome: 'closed', who: by },
      ]);
      expect(await bookings.isFree(booking.listing, '2027-06-14')).toBe(true);
      await bookings.changePaid(booking, change);
      expect(await bookings.stateOf(booking)).toBe('cancelled');
      expect(await applied(booking)).toEqual([]);
    },
  );
});

describe('cancelling what was changed', () => {
  it('moved far away when it was too late to cancel free: it still is; preview, schedule and cancel agree', async () => {
    const booking = await bookings.givenConfirmed({
      listing: await bookings.givenListing({ cancellationPolicy: 'limited' }),
    });
    await bookings.service.clock.set('2027-06-05T12:00:00Z');
    const away = { checkInDate: '2027-09-01', checkOutDate: '2027-09-05' };
    expect((await bookings.givenAccepted(booking, away)).state).toBe('applied');
    const read = await bookings.read(booking);
    // Under 7 days: all nights and the service fee are kept, the cleaning comes back.
    expect(read.refundSchedule).toEqual([
      { until: '2027-09-01T18:59:59.999Z', refundMinor: 5_000 },
      { until: '2027-09-05T15:00:00.000Z', refundMinor: 0 },
    ]);
    expect(await bookings.preview(booking)).toMatchObject({
      refundMinor: 5_000,
      schedule: read.refundSchedule,
    });
    expect((await bookings.cancel(booking, 'guest')).body.cancellation).toMatchObject({ refundMinor: 5_000 });
  });

  it('changed within the grace: it runs out when it would have, and does not begin anew', async () => {
    const listing = await bookings.givenListing({ cancellationPolicy: 'strict' });
    const booking = await bookings.givenConfirmed({ listing });
    await bookings.service.clock.advance('PT20H');
    await bookings.givenAccepted(booking, { checkInDate: '2027-07-10', checkOutDate: '2027-07-14' });
    expect(await bookings.preview(booking)).toMatchObject({ refundMinor: 51_300 });
    await bookings.service.clock.advance('PT4H1S');
    // Half of four nights, the cleaning whole.
    expect(await bookings.preview(booking)).toMatchObject({ refundMinor: 25_000 });
  });

  it('an administrator may give back all that was paid by then, and not a unit more', async () => {
    for (const [wish, paid] of [
      [more, 62_700],
      [{ checkOutDate: '2027-06-13' }, 39_900],
    ] as const) {
      const booking = await bookings.givenConfirmed();
      const change = await bookings.givenAccepted(booking, wish);
      if (change.state === 'awaiting_payment') await bookings.changePaid(booking, change);
      const tooMuch = await bookings.cancel(booking, 'admin', paid + 1);
      expectProblem(tooMuch, 422, 'booking.refund_out_of_range');
      expect(tooMuch.body).toMatchObject({ capturedMinor: paid });
      expect((await bookings.cancel(booking, 'admin', paid)).body.cancellation).toMatchObject({
        refundMinor: paid,
      });
    }
  });

  it('a host’s cancel gives all back, and her penalty follows the new terms', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, { checkOutDate: '2027-07-14' });
    await bookings.changePaid(booking, change);
    expect((await bookings.cancel(booking, 'host')).body.cancellation).toMatchObject({
      refundMinor: change.totalMinor,
    });
    const [said] = (await bookings.service.published('booking.cancelled')).filter(
      (event) => event.bookingId === booking.id,
    );
    // 10 % of 34 nights and the cleaning.
    expect(said).toMatchObject({ hostPenaltyMinor: 34_500, hostPayoutMinor: 0 });
    expect(await bookings.isFree(booking.listing, '2027-07-13')).toBe(false);
  });

  it('in stay, after nights were given back: what is left of them is what counts', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-11T12:00:00Z');
    const change = await bookings.givenAccepted(booking, { checkOutDate: '2027-06-13' });
    expect(change).toMatchObject({ state: 'applied', differenceMinor: -11_400 });
    // Two of three nights have begun, and one more is kept.
    expect((await bookings.cancel(booking, 'guest')).body.cancellation).toMatchObject({ refundMinor: 0 });
    expect(await bookings.isFree(booking.listing, '2027-06-13')).toBe(true);
  });
});

it('after all this no night is lost or held for nothing', async () => {
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await bookings.strayHolds()).toEqual([]);
});
