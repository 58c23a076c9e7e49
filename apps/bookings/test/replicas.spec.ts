import { startTestService, type TestService } from '@roost/testing';
import { CalendarPublisher } from '../src/calendar/calendar-publisher.service.js';
import { BookingSweeper } from '../src/booking/booking-sweeper.jobs.js';
import { bookings as definition } from '../src/service.js';
import { startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
let replica: TestService;
beforeAll(async () => {
  bookings = await startBookings();
  const { DATABASE_URL, REDIS_URL, REDIS_PREFIX } = bookings.service.env;
  replica = await startTestService(definition, {
    env: { DATABASE_URL: DATABASE_URL!, REDIS_URL: REDIS_URL!, REDIS_PREFIX: REDIS_PREFIX! },
  });
});
afterAll(async () => {
  await replica?.close();
  await bookings?.close();
});

it('what is due is done once, however many replicas sweep at the same time', async () => {
  const due: TestBooking[] = [];
  for (let number = 0; number < 12; number += 1) {
    const booking = number % 3 === 0 ? await bookings.givenRequest() : await bookings.givenBooking();
    await bookings.givenOverdue(booking);
    due.push(booking);
  }
  const sweepers = [bookings.service, replica].map((service) => service.get(BookingSweeper));
  await Promise.all([...sweepers, ...sweepers, ...sweepers].map((sweeper) => sweeper.sweep()));
  // Whoever finds a booking locked leaves it to the other one.
  await bookings.sweep();

  const expired = await bookings.service.published('booking.expired');
  for (const booking of due) {
    const { state, history, version } = await bookings.read(booking);
    expect(state).toBe('expired');
    expect(history.filter(({ event }) => /ran_out|overdue/.test(event))).toHaveLength(1);
    expect(expired.filter(({ bookingId }) => bookingId === booking.id)).toHaveLength(1);
    expect(version).toBe(history.length);
  }
  expect(await bookings.leaked()).toEqual([]);
});

it('a calendar that changed is announced in one order of versions by all of them', async () => {
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
  const told = await bookings.service.query<{ version: number; body: { blocked: unknown[] } }>(
    `SELECT aggregate_version AS version, body FROM outbox_event WHERE type = 'calendar.changed' AND key = $1
     ORDER BY xid, id`,
    [listing.id],
  );
  const versions = told.map(({ version }) => Number(version));
  expect(versions).toEqual(versions.map((_, at) => at + 1));
  expect(told.at(-1)?.body.blocked).toEqual([{ from: '2027-06-10', to: '2027-06-16' }]);
});
