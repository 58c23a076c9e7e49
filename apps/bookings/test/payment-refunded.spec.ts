import { randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { start, startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(() => bookings.service.clock.set(start));
afterAll(() => bookings?.close());

// 4 × 100.00 + 50.00 cleaning + 63.00 service fee.
const total = 51_300;
/** 40,000, 5,000 and 6,300 of 51,300, of 1,300 that are left. */
const rest = [
  { kind: 'night', refundMinor: 1_013 },
  { kind: 'cleaning', refundMinor: 127 },
  { kind: 'service_fee', refundMinor: 160 },
];

const cancelled = async (booking: TestBooking) =>
  (await bookings.service.published('booking.cancelled')).filter((event) => event.bookingId === booking.id);

describe('goodwill', () => {
  it.each(['guest', 'host'] as const)(
    'told twice counts once; preview and cancel by the %s name what is left',
    async (by) => {
      const booking = await bookings.givenConfirmed();
      await bookings.refunded(booking, 50_000, { id: randomUUID(), times: 2 });
      const user = by === 'guest' ? booking.guest : booking.listing.host;
      expect(await bookings.preview(booking, user)).toMatchObject({ refundMinor: 1_300, lines: rest });
      expect((await bookings.cancel(booking, by)).body).toMatchObject({
        state: 'cancelled',
        cancellation: { by, refundMinor: 1_300, lines: rest },
      });
      expect(await cancelled(booking)).toEqual([
        expect.objectContaining({
          refundMinor: 1_300,
          refundLines: rest,
          hostPenaltyMinor: by === 'host' ? 5_000 : 0,
        }),
      ]);
    },
  );

  it('an administrator chooses of what is left', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.refunded(booking, 50_000, { id: randomUUID(), times: 2 });
    for (const refundMinor of [1_301, 20_000]) {
      const answer = await bookings.cancel(booking, 'admin', refundMinor);
      expectProblem(answer, 422, 'booking.refund_out_of_range');
      expect(answer.body).toMatchObject({ capturedMinor: total, refundableMinor: 1_300 });
    }
    expect((await bookings.cancel(booking, 'admin', 1_300)).body.cancellation).toMatchObject({
      refundMinor: 1_300,
      lines: rest,
    });
  });

  it('several add up; all of it leaves nothing', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.refunded(booking, 30_000);
    await bookings.refunded(booking, 21_300);
    expect(await bookings.preview(booking)).toMatchObject({
      refundMinor: 0,
      lines: [],
      schedule: [{ until: '2027-06-14T15:00:00.000Z', refundMinor: 0 }],
    });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: 0, lines: [] });
  });

  it('less than what a cancel keeps changes no refund', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.refunded(booking, 16_300);
    await bookings.service.clock.set('2027-06-09T19:00:01Z');
    const lines = [
      { kind: 'night', refundMinor: 30_000 },
      { kind: 'cleaning', refundMinor: 5_000 },
    ];
    expect(await bookings.preview(booking)).toMatchObject({ refundMinor: 35_000, lines });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: 35_000, lines });
  });

  it('is in the schedule, of the booking and of the preview', async () => {
    const booking = await bookings.givenConfirmed();
    const { refundSchedule, version } = await bookings.read(booking);
    await bookings.refunded(booking, 20_000);
    const read = await bookings.read(booking);
    expect(read.version).toBeGreaterThan(version);
    // The night kept less than a day ahead and the service fee are less than the goodwill.
    expect(refundSchedule.slice(0, 2)).toMatchObject([{ refundMinor: total }, { refundMinor: 35_000 }]);
    expect(read.refundSchedule).toEqual([
      { ...refundSchedule[1], refundMinor: 31_300 },
      ...refundSchedule.slice(2),
    ]);
    expect((await bookings.preview(booking)).schedule).toEqual(read.refundSchedule);
  });

  it('a host has not accepted yet, and the provider can only charge: what is left comes back', async () => {
    const booking = await bookings.givenBooking({
      listing: await bookings.givenListing({ bookingMode: 'request' }),
    });
    await bookings.captured(booking);
    await bookings.refunded(booking, 50_000);
    expect(await bookings.preview(booking)).toMatchObject({ refundMinor: 1_300, lines: rest });
    expectProblem(await bookings.cancel(booking, 'admin', 1_301), 422, 'booking.refund_out_of_range');
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({
      refundMinor: 1_300,
      lines: rest,
    });
  });

  it('on its way while the booking was cancelled: the record says what moved', async () => {
    const booking = await bookings.givenConfirmed();
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: total });
    await bookings.refunded(booking, 50_000, { id: randomUUID(), times: 2 });
    expect((await bookings.read(booking)).cancellation).toMatchObject({ refundMinor: 1_300, lines: rest });
  });

  it('of what a cancel kept leaves the cancel as it was', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.cancel(booking, 'admin', 20_000);
    const before = (await bookings.read(booking)).cancellation;
    await bookings.refunded(booking, 31_300);
    expect((await bookings.read(booking)).cancellation).toEqual(before);
  });
});

describe('goodwill and changes', () => {
  const more = { checkOutDate: '2027-06-15' };
  const fewer = { checkOutDate: '2027-06-13' };

  it('on the payment of a change that was applied counts', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.changePaid(booking, change);
    await bookings.refunded(booking, 11_400, { id: randomUUID(), times: 2, change });
    expect(await bookings.preview(booking)).toMatchObject({ refundMinor: total });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: total });
  });

  it('on that of one that never came about does not: it was no money of the booking', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenAccepted(booking, more);
    await bookings.answerChange(booking, change, 'withdraw', booking.guest);
    await bookings.changePaid(booking, change);
    await bookings.refunded(booking, 11_400, { change });
    expect((await bookings.cancel(booking)).body.cancellation).toMatchObject({ refundMinor: total });
  });

  it.each(['before', 'after'])(
    'told %s a change lowered the total below it: what is left is what payments has left',
    async (when) => {
      const booking = await bookings.givenConfirmed();
      if (when === 'before') await bookings.refunded(booking, 50_000);
      // Of 11,400 payments can give 1,300 back.
      expect((await bookings.givenAccepted(booking, fewer)).state).toBe('applied');
      if (when === 'after') await bookings.refunded(booking, 50_000);
      expect(await bookings.preview(booking)).toMatchObject({ refundMinor: 0, lines: [] });
      const change = await bookings.givenAccepted(booking, { checkOutDate: '2027-06-14' });
      await bookings.changePaid(booking, change);
      expect(await bookings.preview(booking)).toMatchObject({ refundMinor: 11_400 });
    },
  );
});

it.each(['booking-ended', 'booking-changed'])('a refund that is %s is no goodwill', async (reason) => {
  const booking = await bookings.givenConfirmed();
  await bookings.refunded(booking, 50_000, { reason });
  expect(await bookings.preview(booking)).toMatchObject({ refundMinor: total });
});
