import { jest } from '@jest/globals';
import { testUser, eventually } from '@roost/testing';
import { CalendarPublisher } from '../src/calendar/calendar-publisher.service.js';
import { juneStay, useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();

const stay = { from: juneStay.checkInDate, to: juneStay.checkOutDate };
const publishedChanges = async (listing: TestListing) =>
  await bookings.service.query<{ version: string; blocked: { from: string; to: string }[] }>(
    `SELECT aggregate_version AS version, body->'blocked' AS blocked FROM outbox_event
     WHERE type = 'calendar.changed' AND key = $1 ORDER BY xid, id`,
    [listing.id],
  );

it('publishes the nights when a booking is created and when it is cancelled', async () => {
  const listing = await bookings.givenListing();
  const booking = await bookings.givenBooking({ listing });
  await eventually(async () => expect((await publishedChanges(listing)).at(-1)?.blocked).toEqual([stay]));
  await bookings.cancel(booking);
  await eventually(async () => expect((await publishedChanges(listing)).at(-1)?.blocked).toEqual([]));
  expect((await publishedChanges(listing)).map(({ version }) => Number(version))).toEqual([1, 2]);
});

it('merges adjacent nights, including the preparation nights', async () => {
  const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
  await bookings.givenBooking({ listing });
  await bookings.givenBooking({ listing, checkInDate: '2027-06-15', checkOutDate: '2027-06-16' });
  await eventually(async () =>
    expect((await publishedChanges(listing)).at(-1)?.blocked).toEqual([
      { from: '2027-06-09', to: '2027-06-17' },
    ]),
  );
});

it('publishes in the next sweep after a crash right after the booking', async () => {
  const listing = await bookings.givenListing();
  const publisher = bookings.service.get(CalendarPublisher);
  const wake = jest.spyOn(publisher, 'wake').mockImplementation(() => undefined);
  await bookings.givenBooking({ listing });
  // Not that nothing is published: a periodic sweep may already have done it.
  expect(wake).toHaveBeenCalledTimes(1);
  wake.mockRestore();
  await publisher.publishDue();
  expect((await publishedChanges(listing)).at(-1)?.blocked).toEqual([stay]);
});

it('retries the publication after a failure', async () => {
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
  expect((await publishedChanges(listing)).at(-1)?.blocked).toEqual([stay]);
  expect(await marks()).toEqual([]);
});

it('numbers the versions in transaction order for 30 concurrent bookings; the last event has all nights', async () => {
  const listing = await bookings.givenListing();
  const guests = Array.from({ length: 30 }, () => testUser());
  const day = (index: number) => new Date(Date.UTC(2027, 5, 1 + index * 2)).toISOString().slice(0, 10);
  const quotes = await Promise.all(
    guests.map((guest, index) =>
      bookings.givenQuote(guest, listing, { checkInDate: day(index), checkOutDate: day(index + 0.5) }),
    ),
  );
  await Promise.all(
    quotes.map((quote, index) =>
      bookings.as(guests[index] ?? testUser()).post('/v1/bookings', { quoteId: quote.id }),
    ),
  );
  await eventually(async () => expect((await publishedChanges(listing)).at(-1)?.blocked).toHaveLength(30));
  const versions = (await publishedChanges(listing)).map(({ version }) => Number(version));
  expect(versions).toEqual(versions.map((_, index) => index + 1));
});

it('does not publish an unchanged calendar again', async () => {
  const booking = await bookings.givenBooking();
  await eventually(async () => expect(await publishedChanges(booking.listing)).toHaveLength(1));
  await bookings.payments.captured(booking);
  await bookings.service.query(
    'INSERT INTO calendar_mark (listing_id) SELECT id FROM calendar_listing WHERE public_id = $1',
    [booking.listing.id],
  );
  await bookings.service.get(CalendarPublisher).publishDue();
  expect(await publishedChanges(booking.listing)).toHaveLength(1);
});
