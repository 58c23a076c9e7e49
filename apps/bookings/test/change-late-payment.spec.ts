import { juneStay, useBookings, type TestBooking } from './bookings.fixture.js';
import { longerStay, shorterStay } from './changes.fixture.js';

const bookings = useBookings({ resetClock: true });

const closed = (booking: TestBooking) => bookings.publishedFor('booking.change-closed', booking);
const applied = (booking: TestBooking) => bookings.publishedFor('booking.change-applied', booking);

describe('a payment after the change has expired', () => {
  it('applies the change once when the nights are available', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.service.clock.advance('PT1H1S');
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-15', totalMinor: 62_700 });
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-14')).toBe(false);
    expect(await applied(booking)).toHaveLength(1);
    await bookings.payments.changeCaptured(booking, change);
    expect(await applied(booking)).toHaveLength(1);
    expect(await bookings.calendar.missingEntries()).toEqual([]);
    expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
  });

  it('applies an overdue change before the sweep', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.changes.makeDue(booking, change);
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-15' });
    expect(await closed(booking)).toHaveLength(1);
  });

  it('publishes booking.change-closed again for a refund when a night is unavailable', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.service.clock.advance('PT1H1S');
    await bookings.givenConfirmed({ listing, checkInDate: '2027-06-14', checkOutDate: '2027-06-16' });
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...juneStay, openChange: null });
    expect(await applied(booking)).toEqual([]);
    expect((await closed(booking)).map(({ outcome }) => outcome)).toEqual(['expired', 'expired']);
    expect((await bookings.read(booking)).history.at(-1)).toMatchObject({
      event: 'change_late_payment_refused',
    });
    expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
  });

  it('is refunded when another change was proposed', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.service.clock.advance('PT1H1S');
    const other = await bookings.changes.givenAccepted(booking, shorterStay);
    expect(other.state).toBe('applied');
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ checkOutDate: '2027-06-13', totalMinor: 39_900 });
    expect(await closed(booking)).toHaveLength(2);
  });

  it('is refunded when the stay has begun', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-10T17:00:00Z');
    const change = await bookings.changes.givenAccepted(booking, {
      checkInDate: '2027-06-11',
      checkOutDate: '2027-06-16',
    });
    await bookings.service.clock.set('2027-06-10T18:30:00Z');
    expect(await bookings.changes.read(booking, change)).toMatchObject({ state: 'expired' });
    await bookings.service.clock.set('2027-06-10T19:00:01Z');
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...juneStay, state: 'in_stay' });
    expect((await closed(booking)).map(({ outcome }) => outcome)).toEqual(['expired', 'expired']);
  });

  it.each([
    ['was cancelled', 'cancelled', async (booking: TestBooking) => void (await bookings.cancel(booking))],
    ['is over', 'completed', async () => await bookings.service.clock.set('2027-06-20T00:00:00Z')],
  ] as const)('is refunded when the booking %s; the booking has no deadline', async (_, state, end) => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await bookings.service.clock.advance('PT1H1S');
    await end(booking);
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({ ...juneStay, state });
    expect((await closed(booking)).map(({ outcome }) => outcome)).toEqual(['expired', 'expired']);
    expect(await bookings.service.query('SELECT due_at FROM booking WHERE id = $1', [booking.id])).toEqual([
      { due_at: null },
    ]);
  });

  it('rejects a payment whose change belongs to another booking', async () => {
    const booking = await bookings.givenConfirmed();
    const other = await bookings.givenConfirmed();
    const change = await bookings.changes.givenAccepted(booking, longerStay);
    await expect(bookings.payments.changeCaptured(other, change)).rejects.toThrow(
      'a change that does not exist',
    );
  });
});

it('leaves the calendar consistent', () => bookings.calendar.expectConsistent());
