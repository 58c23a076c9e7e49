import { eventually } from '@roost/testing';
import pg from 'pg';
import { start, startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(() => bookings.service.clock.set(start));
afterAll(() => bookings?.close());

describe('a step waits for its booking before it touches what hangs on it, so that two never wait for each other', () => {
  /** Makes a step of the booking possible; what comes back takes it. */
  type Given = (booking: TestBooking) => Promise<() => Promise<unknown>>;
  const earlier = { checkInDate: '2027-06-09' };

  it.each<[string, Given]>([
    ['propose', async (booking) => () => bookings.propose(booking, { checkOutDate: '2027-06-15' })],
    ...(['accept', 'decline', 'withdraw'] as const).map((what): [string, Given] => [
      what,
      async (booking) => {
        const change = await bookings.givenChange(booking, earlier);
        const by = what === 'withdraw' ? booking.guest : booking.listing.host;
        return () => bookings.answerChange(booking, change, what, by);
      },
    ]),
    ...(['guest', 'host', 'admin'] as const).map((by): [string, Given] => [
      `cancel of the ${by}`,
      async (booking) => {
        await bookings.givenChange(booking, earlier);
        return () => bookings.cancel(booking, by);
      },
    ]),
    [
      'a change that is paid',
      async (booking) => {
        const change = await bookings.givenAccepted(booking, earlier);
        return () => bookings.changePaid(booking, change);
      },
    ],
    [
      'a change whose payment is given up',
      async (booking) => {
        const change = await bookings.givenAccepted(booking, earlier);
        return () => bookings.changeUnpaid(booking, change);
      },
    ],
  ])('%s', async (_, given) => {
    const booking = await bookings.givenConfirmed();
    const step = await given(booking);
    const before = (await bookings.read(booking)).version;
    const other = new pg.Client({ connectionString: bookings.service.env.DATABASE_URL });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT FROM booking WHERE id = $1 FOR UPDATE', [booking.id]);
      const taken = step();
      await eventually(async () => expect(await bookings.service.lockWaits()).toBe(1));
      // Were one of these held by the step, PostgreSQL would end one of the two after 500 ms.
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
      await taken;
      expect((await bookings.read(booking)).version).toBeGreaterThan(before);
    } finally {
      await other.end();
    }
  });
});

it('after all this no night is lost or held for nothing', async () => {
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await bookings.leaked()).toEqual([]);
  expect(await bookings.strayHolds()).toEqual([]);
});
