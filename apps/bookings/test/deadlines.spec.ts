import { startReplica, useBookings } from './bookings.fixture.js';

const bookings = useBookings({ resetClock: true });

it('expires a hold after 15 minutes, not before', async () => {
  const booking = await bookings.givenBooking();
  await bookings.service.clock.set(new Date(Date.parse(booking.dto.holdExpiresAt ?? '') - 60_000));
  expect(await bookings.stateOf(booking)).toBe('pending_payment');
  await bookings.service.clock.set(booking.dto.holdExpiresAt ?? '');
  expect(await bookings.read(booking)).toMatchObject({
    state: 'expired',
    expiredCause: 'hold',
    holdExpiresAt: null,
    history: [{ event: 'created' }, { by: 'system', event: 'hold_ran_out' }],
  });
  expect(await bookings.publishedFor('booking.expired', booking)).toEqual([
    expect.objectContaining({ cause: 'hold', state: 'expired' }),
  ]);
  expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
});

it('expires a request without a response after 24 hours', async () => {
  const booking = await bookings.givenRequest();
  await bookings.service.clock.advance('PT23H59M');
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  await bookings.service.clock.advance('PT2M');
  expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'host' });
  expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
});

it('expires a request at check-in', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const stay = { checkInDate: '2027-03-02', checkOutDate: '2027-03-04' };
  const booking = await bookings.givenRequest({ listing, ...stay });
  await bookings.service.clock.set('2027-03-02T20:00:00Z');
  expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'check-in' });
});

it('expires an accepted booking without a capture after ten minutes', async () => {
  const booking = await bookings.givenRequest();
  await bookings.accept(booking);
  await bookings.service.clock.advance('PT9M');
  expect(await bookings.stateOf(booking)).toBe('awaiting_capture');
  await bookings.service.clock.advance('PT2M');
  expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'capture' });
});

it('checks in and out at the local times of the booking across a clock change', async () => {
  // London leaves summer time on 31 October 2027. The booking keeps its times when the host changes them later.
  const listing = await bookings.givenListing({
    timeZone: 'Europe/London',
    checkInFrom: '15:00',
    checkOutUntil: '11:00',
  });
  const stay = { checkInDate: '2027-10-30', checkOutDate: '2027-11-01' };
  const booking = await bookings.givenConfirmed({ listing, ...stay });
  await bookings.publishListing({ ...listing.body, timeZone: 'Asia/Tokyo', checkInFrom: '23:00' });
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
  expect(await bookings.publishedFor('booking.checked-in', booking)).toHaveLength(1);
  expect(await bookings.publishedFor('booking.completed', booking)).toHaveLength(1);
});

it('checks in and out in one sweep when the clock passes both', async () => {
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

it('processes each due booking once when two replicas sweep concurrently', async () => {
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
  const replica = await startReplica(bookings);
  try {
    await Promise.all([
      replica.clock.set('2027-03-02T12:20:00Z'),
      bookings.service.clock.set('2027-03-02T12:20:00Z'),
    ]);
    for (const booking of held) {
      expect(await bookings.stateOf(booking)).toBe('expired');
      expect(await bookings.publishedFor('booking.expired', booking)).toHaveLength(1);
    }
  } finally {
    await replica.close();
  }
});

it('a failure does not block other due bookings', async () => {
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
