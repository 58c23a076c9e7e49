import { Sweeper } from '@roost/platform';
import type { TestService } from '@roost/testing';
import { BookingSweeper } from '../src/booking/booking-sweeper.jobs.js';
import { CalendarPublisher } from '../src/calendar/calendar-publisher.service.js';
import { startReplica, useBookings, type TestBooking } from './bookings.fixture.js';

const bookings = useBookings();
let replica: TestService;

beforeAll(async () => {
  replica = await startReplica(bookings, { sharedRedis: true });
});
afterAll(() => replica?.close());

it('processes each due booking once in concurrent sweeps of two replicas', async () => {
  const due: TestBooking[] = [];
  for (let number = 0; number < 12; number += 1) {
    const booking = number % 3 === 0 ? await bookings.givenRequest() : await bookings.givenBooking();
    await bookings.makeOverdue(booking);
    due.push(booking);
  }
  const sweepers = [bookings.service, replica].map((service) => service.get(BookingSweeper));
  await Promise.all([...sweepers, ...sweepers, ...sweepers].map((sweeper) => sweeper.sweep()));
  // A sweep skips bookings that another sweep has locked, also a periodic one.
  await Promise.all([bookings.sweep(), replica.get(Sweeper).runAll()]);

  const expired = await bookings.service.published('booking.expired');
  for (const booking of due) {
    const { state, history, version } = await bookings.read(booking);
    expect(state).toBe('expired');
    expect(history.filter(({ event }) => /ran_out|overdue/.test(event))).toHaveLength(1);
    expect(expired.filter(({ bookingId }) => bookingId === booking.id)).toHaveLength(1);
    expect(version).toBe(history.length);
  }
  expect(await bookings.calendar.orphanedEntries()).toEqual([]);
});

it('publishes a changed calendar in one order of versions from two replicas', async () => {
  const listing = await bookings.givenListing();
  for (let day = 10; day < 16; day += 1) {
    await bookings.givenConfirmed({
      listing,
      checkInDate: `2027-06-${day}`,
      checkOutDate: `2027-06-${day + 1}`,
    });
    await Promise.all(
      [bookings.service, replica].map((service) => service.get(CalendarPublisher).publishDue()),
    );
  }
  const published = await bookings.service.query<{ version: number; body: { blocked: unknown[] } }>(
    `SELECT aggregate_version AS version, body FROM outbox_event WHERE type = 'calendar.changed' AND key = $1
     ORDER BY xid, id`,
    [listing.id],
  );
  const versions = published.map(({ version }) => Number(version));
  expect(versions).toEqual(versions.map((_, at) => at + 1));
  expect(published.at(-1)?.body.blocked).toEqual([{ from: '2027-06-10', to: '2027-06-16' }]);
});
