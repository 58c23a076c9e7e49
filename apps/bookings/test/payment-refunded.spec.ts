import { randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { juneTotalMinor, useBookings } from './bookings.fixture.js';

const bookings = useBookings({ resetClock: true });

/** The shares of nights (40,000), cleaning (5,000) and service fee (6,300) in the remaining 1,300. */
const remainingLines = [
  { kind: 'night', refundMinor: 1_013 },
  { kind: 'cleaning', refundMinor: 127 },
  { kind: 'service_fee', refundMinor: 160 },
];

describe('a goodwill refund', () => {
  it.each(['guest', 'host'] as const)(
    'counts once for duplicate events and reduces the refund of a cancellation by the %s',
    async (by) => {
      const booking = await bookings.givenConfirmed();
      await bookings.payments.refunded(booking, 50_000, { id: randomUUID(), times: 2 });
      const user = by === 'guest' ? booking.guest : booking.listing.host;
      expect(await bookings.previewCancellation(booking, user)).toMatchObject({
        refundMinor: 1_300,
        lines: remainingLines,
      });
      expect((await bookings.cancel(booking, by)).body).toMatchObject({
        state: 'cancelled',
        cancellation: { by, refundMinor: 1_300, lines: remainingLines },
      });
      expect(await bookings.publishedFor('booking.cancelled', booking)).toEqual([
        expect.objectContaining({
          refundMinor: 1_300,
          refundLines: remainingLines,
          hostPenaltyMinor: by === 'host' ? 5_000 : 0,
        }),
      ]);
    },
  );

  it('counts once if the bank has returned it and it is repeated', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.payments.refunded(booking, 20_000);
    await bookings.payments.refunded(booking, 20_000, { repeated: true });
    expect(await bookings.previewCancellation(booking)).toMatchObject({
      refundMinor: juneTotalMinor - 20_000,
    });
  });

  it('limits the refund that an administrator may choose', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.payments.refunded(booking, 50_000, { id: randomUUID(), times: 2 });
    for (const refundMinor of [1_301, 20_000]) {
      const response = await bookings.cancel(booking, 'admin', refundMinor);
      expectProblem(response, 422, 'booking.refund_out_of_range');
      expect(response.body).toMatchObject({ capturedMinor: juneTotalMinor, refundableMinor: 1_300 });
    }
    expect((await bookings.cancel(booking, 'admin', 1_300)).body.cancellation).toMatchObject({
      refundMinor: 1_300,
      lines: remainingLines,
    });
  });

  it('adds up with other goodwill refunds, down to a refund of 0', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.payments.refunded(booking, 30_000);
    await bookings.payments.refunded(booking, 21_300);
    expect(await bookings.previewCancellation(booking)).toMatchObject({
      refundMinor: 0,
      lines: [],
      schedule: [{ until: '2027-06-14T15:00:00.000Z', refundMinor: 0 }],
    });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: 0, lines: [] });
  });

  it('does not reduce a refund that is within the remaining amount', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.payments.refunded(booking, 16_300);
    await bookings.service.clock.set('2027-06-09T19:00:01Z');
    const lines = [
      { kind: 'night', refundMinor: 30_000 },
      { kind: 'cleaning', refundMinor: 5_000 },
    ];
    expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: 35_000, lines });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: 35_000, lines });
  });

  it('reduces the refund schedule of the booking and of the preview', async () => {
    const booking = await bookings.givenConfirmed();
    const { refundSchedule, version } = await bookings.read(booking);
    await bookings.payments.refunded(booking, 20_000);
    const read = await bookings.read(booking);
    expect(read.version).toBeGreaterThan(version);
    // Less than a day ahead, the cancellation keeps less than the goodwill.
    expect(refundSchedule.slice(0, 2)).toMatchObject([
      { refundMinor: juneTotalMinor },
      { refundMinor: 35_000 },
    ]);
    expect(read.refundSchedule).toEqual([
      { ...refundSchedule[1], refundMinor: 31_300 },
      ...refundSchedule.slice(2),
    ]);
    expect((await bookings.previewCancellation(booking)).schedule).toEqual(read.refundSchedule);
  });

  it('reduces the refund of a captured request that the host has not accepted', async () => {
    const booking = await bookings.givenBooking({
      listing: await bookings.givenListing({ bookingMode: 'request' }),
    });
    await bookings.payments.captured(booking);
    await bookings.payments.refunded(booking, 50_000);
    expect(await bookings.previewCancellation(booking)).toMatchObject({
      refundMinor: 1_300,
      lines: remainingLines,
    });
    expectProblem(await bookings.cancel(booking, 'admin', 1_301), 422, 'booking.refund_out_of_range');
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({
      refundMinor: 1_300,
      lines: remainingLines,
    });
  });

  it('reduces the refund of a booking that was cancelled before the event arrived', async () => {
    const booking = await bookings.givenConfirmed();
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: juneTotalMinor });
    await bookings.payments.refunded(booking, 50_000, { id: randomUUID(), times: 2 });
    expect((await bookings.read(booking)).cancellation).toMatchObject({
      refundMinor: 1_300,
      lines: remainingLines,
    });
  });

  it('does not change a cancellation when it is paid from the kept amount', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.cancel(booking, 'admin', 20_000);
    const before = (await bookings.read(booking)).cancellation;
    await bookings.payments.refunded(booking, 31_300);
    expect((await bookings.read(booking)).cancellation).toEqual(before);
  });
});

describe('a goodwill refund of a changed booking', () => {
  const more = { checkOutDate: '2027-06-15' };
  const fewer = { checkOutDate: '2027-06-13' };

  it('counts for the payment of an applied change', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, more);
    await bookings.payments.changeCaptured(booking, change);
    await bookings.payments.refunded(booking, 11_400, { id: randomUUID(), times: 2, change });
    expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: juneTotalMinor });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: juneTotalMinor });
  });

  it('does not count for the payment of a change that was not applied', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, more);
    await bookings.changes.respond(booking, change, 'withdraw', { by: booking.guest });
    await bookings.payments.changeCaptured(booking, change);
    await bookings.payments.refunded(booking, 11_400, { change });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: juneTotalMinor });
  });

  it.each(['before', 'after'])(
    'limits refunds to the remaining amount when it arrives %s a change lowers the total',
    async (when) => {
      const booking = await bookings.givenConfirmed();
      if (when === 'before') await bookings.payments.refunded(booking, 50_000);
      // Only 1,300 of the difference of 11,400 remain to be refunded.
      expect((await bookings.changes.givenAccepted(booking, fewer)).state).toBe('applied');
      if (when === 'after') await bookings.payments.refunded(booking, 50_000);
      expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: 0, lines: [] });
      const change = await bookings.changes.givenAccepted(booking, { checkOutDate: '2027-06-14' });
      await bookings.payments.changeCaptured(booking, change);
      expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: 11_400 });
    },
  );
});

it.each(['booking-ended', 'booking-changed'])(
  'a refund with the reason %s is not a goodwill refund',
  async (reason) => {
    const booking = await bookings.givenConfirmed();
    await bookings.payments.refunded(booking, 50_000, { reason });
    expect(await bookings.previewCancellation(booking)).toMatchObject({ refundMinor: juneTotalMinor });
  },
);
