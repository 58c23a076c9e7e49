import { aUser, eventually } from '@roost/testing';
import { CalendarPublisher } from '../src/calendar/calendar-publisher.service.js';
import { june, startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const stay = { from: june.checkInDate, to: june.checkOutDate };
const announced = async (listing: TestListing) =>
  await bookings.service.query<{ version: string; blocked: { from: string; to: string }[] }>(
    `SELECT aggregate_version AS version, body->'blocked' AS blocked FROM outbox_event
     WHERE type = 'calendar.changed' AND key = $1 ORDER BY xid, id`,
    [listing.id],
  );

it('follows a booking through its life', async () => {
  const listing = await bookings.givenListing();
  const booking = await bookings.givenBooking({ listing });
  await eventually(async () => expect((await announced(listing)).at(-1)?.blocked).toEqual([stay]));
  await bookings.as(booking.guest).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' });
  await eventually(async () => expect((await announced(listing)).at(-1)?.blocked).toEqual([]));
  expect((await announced(listing)).map(({ version }) => Number(version))).toEqual([1, 2]);
});

it('merges what touches, with the preparation', async () => {
  const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
  await bookings.givenBooking({ listing });
  await bookings.givenBooking({ listing, checkInDate: '2027-06-15', checkOutDate: '2027-06-16' });
  await eventually(async () =>
    expect((await announced(listing)).at(-1)?.blocked).toEqual([{ from: '2027-06-09', to: '2027-06-17' }]),
  );
});

it('a crash right after the booking loses nothing: the mark is still there for the next sweep', async () => {
  const listing = await bookings.givenListing();
  const announcer = bookings.service.get(CalendarPublisher);
  const wake = announcer.wake.bind(announcer);
  announcer.wake = () => undefined;
  await bookings.givenBooking({ listing });
  announcer.wake = wake;
  expect(await announced(listing)).toEqual([]);
  await announcer.publishDue();
  expect((await announced(listing)).at(-1)?.blocked).toEqual([stay]);
});

it('an announcement that fails leaves its mark', async () => {
  const listing = await bookings.givenListing();
  await bookings.service.query(
    'ALTER TABLE calendar_snapshot ADD CONSTRAINT broken CHECK (version < 0) NOT VALID',
  );
  await bookings.givenBooking({ listing });
  const marks = () =>
    bookings.service.query(
      'SELECT 1 FROM calendar_mark m JOIN calendar_listing l ON l.id = m.listing_id WHERE l.public_id = $1',
      [listing.id],
    );
  expect(await marks()).not.toEqual([]);
  await bookings.service.query('ALTER TABLE calendar_snapshot DROP CONSTRAINT broken');
  await bookings.service.get(CalendarPublisher).publishDue();
  expect((await announced(listing)).at(-1)?.blocked).toEqual([stay]);
  expect(await marks()).toEqual([]);
});

it('30 bookings at once: versions rise in the order of transactions, and the last one knows all', async () => {
  const listing = await bookings.givenListing();
  const guests = Array.from({ length: 30 }, () => aUser());
  const day = (index: number) => new Date(Date.UTC(2027, 5, 1 + index * 2)).toISOString().slice(0, 10);
  const quotes = await Promise.all(
    guests.map((guest, index) =>
      bookings.givenQuote(guest, listing, { checkInDate: day(index), checkOutDate: day(index + 0.5) }),
    ),
  );
  await Promise.all(
    quotes.map((quote, index) =>
      bookings.as(guests[index] ?? aUser()).post('/v1/bookings', { quoteId: quote.id }),
    ),
  );
  await eventually(async () => expect((await announced(listing)).at(-1)?.blocked).toHaveLength(30));
  const versions = (await announced(listing)).map(({ version }) => Number(version));
  expect(versions).toEqual(versions.map((_, index) => index + 1));
});

it('what has not changed is not said again', async () => {
  const booking = await bookings.givenBooking();
  await eventually(async () => expect(await announced(booking.listing)).toHaveLength(1));
  await bookings.captured(booking);
  await bookings.service.query(
    'INSERT INTO calendar_mark (listing_id) SELECT id FROM calendar_listing WHERE public_id = $1',
    [booking.listing.id],
  );
  await bookings.service.get(CalendarPublisher).publishDue();
  expect(await announced(booking.listing)).toHaveLength(1);
});
