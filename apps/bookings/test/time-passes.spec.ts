import { startTestService } from '@roost/testing';
import { bookings as definition } from '../src/service.js';
import { start, startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(() => bookings.service.clock.set(start));
afterAll(() => bookings?.close());

const said = async (
  type: 'booking.expired' | 'booking.checked-in' | 'booking.completed',
  booking: TestBooking,
): Promise<unknown[]> =>
  (await bookings.service.published(type)).filter((event) => event.bookingId === booking.id);

it('a hold runs out after a quarter of an hour, not before', async () => {
  const booking = await bookings.givenBooking();
  await bookings.service.clock.set(new Date(Date.parse(booking.dto.holdExpiresAt ?? '') - 5_000));
  expect(await bookings.stateOf(booking)).toBe('pending_payment');
  await bookings.service.clock.set(booking.dto.holdExpiresAt ?? '');
  expect(await bookings.read(booking)).toMatchObject({
    state: 'expired',
    expiredCause: 'hold',
    holdExpiresAt: null,
    history: [{ event: 'created' }, { by: 'system', event: 'hold_ran_out' }],
  });
  expect(await said('booking.expired', booking)).toEqual([
    expect.objectContaining({ cause: 'hold', state: 'expired' }),
  ]);
  expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
});

it('a request is answered within a day, or expires', async () => {
  const booking = await bookings.givenRequest();
  await bookings.service.clock.advance('PT23H59M');
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  await bookings.service.clock.advance('PT2M');
  expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'host' });
  expect(await bookings.isFree(booking.listing, '2027-06-10')).toBe(true);
});

it('or when check-in comes', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const stay = { checkInDate: '2027-03-02', checkOutDate: '2027-03-04' };
  const booking = await bookings.givenRequest({ listing, ...stay });
  await bookings.service.clock.set('2027-03-02T20:00:00Z');
  expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'check-in' });
});

it('a capture that never comes is given up after ten minutes', async () => {
  const booking = await bookings.givenRequest();
  await bookings.as(booking.listing.host).post(`/v1/bookings/${booking.id}/accept`);
  await bookings.service.clock.advance('PT9M');
  expect(await bookings.stateOf(booking)).toBe('awaiting_capture');
  await bookings.service.clock.advance('PT2M');
  expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'capture' });
});

it('checks in and out at the local times that were frozen, over a change of clocks', async () => {
  // London leaves summer time on 31 October 2027; the host moves the time afterwards, which changes nothing here.
  const listing = await bookings.givenListing({
    timeZone: 'Europe/London',
    checkInFrom: '15:00',
    checkOutUntil: '11:00',
  });
  const stay = { checkInDate: '2027-10-30', checkOutDate: '2027-11-01' };
  const booking = await bookings.givenConfirmed({ listing, ...stay });
  await bookings.tell({ ...listing.body, timeZone: 'Asia/Tokyo', checkInFrom: '23:00' });
  expect(booking.dto).toMatchObject({
    checkInAt: '2027-10-30T14:00:00.000Z',
    checkOutAt: '2027-11-01T11:00:00.000Z',
  });

  await bookings.service.clock.set('2027-10-30T13:59:30Z');
  expect(await bookings.stateOf(booking)).toBe('confirmed');
  await bookings.service.clock.set('2027-10-30T14:00:00Z');
  expect(await bookings.stateOf(booking)).toBe('in_stay');
  await bookings.service.clock.set('2027-11-01T10:59:30Z');
  expect(await bookings.stateOf(booking)).toBe('in_stay');
  await bookings.service.clock.set('2027-11-01T11:00:00Z');
  expect(await bookings.stateOf(booking)).toBe('completed');
  expect(await said('booking.checked-in', booking)).toHaveLength(1);
  expect(await said('booking.completed', booking)).toHaveLength(1);
});

it('a clock that jumps past it all checks in and out at once', async () => {
  const booking = await bookings.givenConfirmed();
  await bookings.service.clock.set('2027-07-01T00:00:00Z');
  expect(await bookings.read(booking)).toMatchObject({
    state: 'completed',
    history: [
      { event: 'created' },
      { event: 'payment_captured' },
      { event: 'check_in_reached' },
      { event: 'check_out_reached' },
    ],
  });
});

it('several replicas sweep at once: everything once', async () => {
  const listing = await bookings.givenListing();
  const days = ['01', '02', '03', '04', '05', '06', '07', '08'];
  const held = await Promise.all(
    days.map((day) =>
      bookings.givenBooking({
        listing,
        checkInDate: `2027-06-${day}`,
        checkOutDate: `2027-06-${String(Number(day) + 1).padStart(2, '0')}`,
      }),
    ),
  );
  const replica = await startTestService(definition, {
    env: { DATABASE_URL: bookings.service.env['DATABASE_URL'] ?? '' },
  });
  try {
    await Promise.all([
      replica.clock.set('2027-03-02T12:20:00Z'),
      bookings.service.clock.set('2027-03-02T12:20:00Z'),
    ]);
    for (const booking of held) {
      expect(await bookings.stateOf(booking)).toBe('expired');
      expect(await said('booking.expired', booking)).toHaveLength(1);
    }
  } finally {
    await replica.close();
  }
});

it('one that can’t be settled keeps nobody else waiting', async () => {
  const broken = await bookings.givenBooking();
  const other = await bookings.givenBooking();
  await bookings.service.query(`UPDATE booking SET state = 'completed', due_at = NULL WHERE id = $1`, [
    broken.id,
  ]);
  await bookings.service.query('ALTER TABLE booking DROP CONSTRAINT booking_end_is_never_due');
  await bookings.service.query(`UPDATE booking SET due_at = '2027-03-02T12:00:00Z' WHERE id = $1`, [
    broken.id,
  ]);
  await bookings.service.clock.advance('PT16M');
  expect(await bookings.stateOf(other)).toBe('expired');
  await bookings.service.query(`UPDATE booking SET due_at = NULL WHERE id = $1`, [broken.id]);
});
