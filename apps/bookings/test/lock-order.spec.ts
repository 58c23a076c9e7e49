import { eventually } from '@roost/testing';
import pg from 'pg';
import { useBookings, type TestBooking } from './bookings.fixture.js';

const bookings = useBookings({ resetClock: true });

describe('a step locks the booking before its changes and nights, so that two steps cannot deadlock', () => {
  /** Prepares a step of the booking and returns the function that takes it. */
  type PrepareStep = (booking: TestBooking) => Promise<() => Promise<unknown>>;
  const earlier = { checkInDate: '2027-06-09' };

  it.each<[string, PrepareStep]>([
    ['proposal', async (booking) => () => bookings.changes.propose(booking, { checkOutDate: '2027-06-15' })],
    ...(['accept', 'decline', 'withdraw'] as const).map((response): [string, PrepareStep] => [
      response,
      async (booking) => {
        const change = await bookings.changes.givenProposed(booking, earlier);
        const by = response === 'withdraw' ? booking.guest : booking.listing.host;
        return () => bookings.changes.respond(booking, change, response, { by });
      },
    ]),
    ...(['guest', 'host', 'admin'] as const).map((by): [string, PrepareStep] => [
      `cancellation by the ${by}`,
      async (booking) => {
        await bookings.changes.givenProposed(booking, earlier);
        return () => bookings.cancel(booking, by);
      },
    ]),
    [
      'the payment of a change',
      async (booking) => {
        const change = await bookings.changes.givenAccepted(booking, earlier);
        return () => bookings.payments.changeCaptured(booking, change);
      },
    ],
    [
      'the voided payment of a change',
      async (booking) => {
        const change = await bookings.changes.givenAccepted(booking, earlier);
        return () => bookings.payments.changeVoided(booking, change);
      },
    ],
  ])('%s', async (_, prepare) => {
    const booking = await bookings.givenConfirmed();
    const step = await prepare(booking);
    const before = (await bookings.read(booking)).version;
    const other = new pg.Client({ connectionString: bookings.service.env.DATABASE_URL });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT FROM booking WHERE id = $1 FOR UPDATE', [booking.id]);
      const running = step();
      await eventually(async () => expect(await bookings.service.lockWaits()).toBe(1));
      // A lock of the step on one of these rows would exceed the time-out.
      await other.query("SET LOCAL lock_timeout = '100ms'");
      await other.query('SELECT FROM booking_change WHERE booking_id = $1 FOR UPDATE', [booking.id]);
      await other.query(
        `WITH own AS (SELECT owner_id FROM booking WHERE id = $1),
           held AS (SELECT * FROM calendar_entry WHERE owner_id IN (TABLE own) FOR UPDATE)
         INSERT INTO calendar_entry (listing_id, space_id, owner_id, kind, nights, live)
         SELECT DISTINCT listing_id, space_id, nextval('calendar_owner'), 'block', daterange('2027-06-14', '2027-06-15'), true
         FROM held`,
        [booking.id],
      );
      await other.query('ROLLBACK');
      await running;
      expect((await bookings.read(booking)).version).toBeGreaterThan(before);
    } finally {
      await other.end();
    }
  });
});

it('leaves the calendar consistent', () => bookings.calendar.expectConsistent());
