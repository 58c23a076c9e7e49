import { randomUUID } from 'node:crypto';
import { eventually, testUser, type TestUser } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import type { Message } from '../src/message/message.dto.js';
import { useBookings } from './bookings.fixture.js';
import { MessagesUnderTest } from './messages.fixture.js';

const bookings = useBookings();
const messages = new MessagesUnderTest(bookings);

interface Part {
  bookings: Booking[];
  quotes: { id: string }[];
  messages: Message[];
  hostFigures: object[];
  calendarBlocks: { listingId: string; note: string; from: string; to: string }[];
  calendarFeeds: { listingId: string; name: string; url: string }[];
}

async function exportOf(user: TestUser): Promise<Part> {
  const requestId = randomUUID();
  await bookings.service.deliver('privacy.export-requested', { userId: user.id, requestId });
  return eventually(async () => {
    const { status, body } = await bookings.as(user).get<Part>(`/v1/me/exports/${requestId}/file`);
    expect(status).toBe(200);
    return body;
  });
}

const CONTACT = 'Call me at +32 470 12 34 56 or ann@example.org';

it('has each booking as its guest and its host read it, and no other', async () => {
  const booking = await bookings.givenConfirmed();
  const { guest, listing } = booking;
  const other = await bookings.givenBooking({
    guest: testUser(),
    listing,
    checkInDate: '2027-07-10',
    checkOutDate: '2027-07-12',
  });
  const read = await bookings.read(booking);

  const ofGuest = await exportOf(guest);
  expect(ofGuest.bookings).toEqual([read]);
  expect(ofGuest.quotes).toMatchObject([{ id: booking.quote.id }]);
  const ofHost = await exportOf(listing.host);
  expect(ofHost.bookings.map(({ id }) => id).sort()).toEqual([booking.id, other.id].sort());
  expect(ofHost.bookings).toContainEqual(read);
  expect(ofHost.quotes).toEqual([]);
  expect((await exportOf(testUser())).bookings).toEqual([]);
});

it('has more bookings than one batch', async () => {
  const { id, guest } = await bookings.givenBooking();
  await bookings.service.query(
    `INSERT INTO booking SELECT (jsonb_populate_record(b, jsonb_build_object(
       'id', gen_random_uuid(), 'quote_id', gen_random_uuid(), 'owner_id', nextval('calendar_owner')))).*
     FROM booking b, generate_series(1, 500) WHERE b.id = $1`,
    [id],
  );
  const { bookings: found } = await exportOf(guest);
  expect(new Set(found.map((booking) => booking.id)).size).toBe(501);
});

it('has the messages of both sides, with contact details masked until a booking is confirmed', async () => {
  const listing = await bookings.givenListing();
  const guest = testUser();
  const thread = await messages.givenEnquiry(guest, listing, CONTACT);
  await messages.send(listing.host, thread.id, 'Welcome');
  for (const user of [guest, listing.host]) {
    const seen = (await messages.messagesOf(user, thread.id)).data.toReversed();
    const { messages: exported } = await exportOf(user);
    expect(exported).toMatchObject(seen);
    expect(JSON.stringify(exported)).not.toMatch(/470|ann@example/);
  }
  await bookings.givenConfirmed({ guest, listing });
  for (const user of [guest, listing.host])
    expect((await exportOf(user)).messages).toMatchObject([{ text: CONTACT }, { text: 'Welcome' }]);
  expect((await exportOf(testUser())).messages).toEqual([]);
});

it('has the figures of the host, and none of other users', async () => {
  const listing = await bookings.givenListing();
  const { guest } = await bookings.givenBooking({ listing });
  await bookings.service.query(`INSERT INTO host_figures VALUES ($1, 1, 14, 42, 1, 20, 19, 47)`, [
    listing.host.id,
  ]);
  expect((await exportOf(listing.host)).hostFigures).toEqual([
    {
      completedStays: 14,
      completedNights: 42,
      hostCancellations: 1,
      responsesDue: 20,
      responsesInTime: 19,
      medianResponseMinutes: 47,
    },
  ]);
  expect((await exportOf(guest)).hostFigures).toEqual([]);
});

it('has the blocks and feeds of the host; URLs of feeds without path and query', async () => {
  const listing = await bookings.givenListing();
  const path = `/v1/listings/${listing.id}/calendar`;
  const block = { from: '2027-08-01', to: '2027-08-03', note: 'The plumber' };
  expect((await bookings.as(listing.host).post(`${path}/blocks`, block)).status).toBe(201);
  const url = 'https://feeds.invalid/secret-token.ics';
  expect((await bookings.as(listing.host).post(`${path}/feeds`, { url, name: 'Elsewhere' })).status).toBe(
    201,
  );
  const part = await exportOf(listing.host);
  expect(part.calendarBlocks).toMatchObject([{ listingId: listing.id, ...block }]);
  expect(part.calendarFeeds).toMatchObject([{ listingId: listing.id, name: 'Elsewhere' }]);
  expect(part.calendarFeeds[0]?.url).toContain('feeds.invalid');
  expect(JSON.stringify(part)).not.toContain('secret-token');
  expect((await exportOf(testUser())).calendarFeeds).toEqual([]);
});
