import { expectProblem } from '@roost/testing';
import { useBookings } from './bookings.fixture.js';
import { longerStay, shorterStay } from './changes.fixture.js';

const bookings = useBookings({ resetClock: true });

describe('the cancellation of a changed booking', () => {
  it('does not refund more after a move to later dates; preview, schedule and cancellation agree', async () => {
    const booking = await bookings.givenConfirmed({
      listing: await bookings.givenListing({ cancellationPolicy: 'limited' }),
    });
    await bookings.service.clock.set('2027-06-05T12:00:00Z');
    const away = { checkInDate: '2027-09-01', checkOutDate: '2027-09-05' };
    expect((await bookings.changes.givenAccepted(booking, away)).state).toBe('applied');
    const read = await bookings.read(booking);
    // Less than 7 days ahead, all nights and the service fee are kept and the cleaning is refunded.
    expect(read.refundSchedule).toEqual([
      { until: '2027-09-01T18:59:59.999Z', refundMinor: 5_000 },
      { until: '2027-09-05T15:00:00.000Z', refundMinor: 0 },
    ]);
    expect(await bookings.previewCancellation(booking)).toMatchObject({
      refundMinor: 5_000,
      schedule: read.refundSchedule,
    });
    expect((await bookings.cancel(booking, 'guest')).body.cancellation).toMatchObject({ refundMinor: 5_000 });
  });

  it('does not extend the grace period', async () => {
    const listing = await bookings.givenListing({ cancellationPolicy: 'strict' });
    const booking = await bookings.givenConfirmed({ listing });
    await bookings.service.clock.advance('PT20H');
    await bookings.changes.givenAccepted(booking, { checkInDate: '2027-07-10', checkOutDate: '2027-07-14' });
    expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: 51_300 });
    await bookings.service.clock.advance('PT4H1S');
    // Half of four nights and the cleaning.
    expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: 25_000 });
  });

  it('limits the refund of an administrator to the amount paid', async () => {
    for (const [terms, paid] of [
      [longerStay, 62_700],
      [shorterStay, 39_900],
    ] as const) {
      const booking = await bookings.givenConfirmed();
      const change = await bookings.changes.givenAccepted(booking, terms);
      if (change.state === 'awaiting_payment') await bookings.payments.changeCaptured(booking, change);
      const tooMuch = await bookings.cancel(booking, 'admin', paid + 1);
      expectProblem(tooMuch, 422, 'booking.refund_out_of_range');
      expect(tooMuch.body).toMatchObject({ capturedMinor: paid });
      expect((await bookings.cancel(booking, 'admin', paid)).body.cancellation).toMatchObject({
        refundMinor: paid,
      });
    }
  });

  it('by the host refunds the new total; the penalty follows the new terms', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, { checkOutDate: '2027-07-14' });
    await bookings.payments.changeCaptured(booking, change);
    expect((await bookings.cancel(booking, 'host')).body.cancellation).toMatchObject({
      refundMinor: change.totalMinor,
    });
    const [cancelled] = await bookings.publishedFor('booking.cancelled', booking);
    // 10 % of 34 nights and the cleaning.
    expect(cancelled).toMatchObject({ hostPenaltyMinor: 34_500, hostPayoutMinor: 0 });
    expect(await bookings.calendar.isFree(booking.listing, '2027-07-13')).toBe(false);
  });

  it('in stay counts the nights of the shortened stay', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-11T12:00:00Z');
    const change = await bookings.changes.givenAccepted(booking, shorterStay);
    expect(change).toMatchObject({ state: 'applied', differenceMinor: -11_400 });
    // Two of three nights have begun; one more is kept.
    expect((await bookings.cancel(booking, 'guest')).body.cancellation).toMatchObject({ refundMinor: 0 });
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-13')).toBe(true);
  });
});

// A booking cancelled in stay keeps the entry of the nights stayed, so orphaned entries are expected.
it('leaves the calendar consistent', async () => {
  expect(await bookings.calendar.overlaps()).toEqual([]);
  expect(await bookings.calendar.missingEntries()).toEqual([]);
  expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
});
