import { aUser, eventually } from '@roost/testing';
import { june, startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const priceOf = async (listing: { id: string }) =>
  (await bookings.givenQuote(aUser(), listing)).lines[0]?.amountMinor;

it('keeps the newest snapshot, in whatever order they come', async () => {
  const listing = await bookings.givenListing();
  const at = (basePriceMinor: number) => ({
    ...listing.body,
    pricing: { ...listing.body.pricing!, basePriceMinor },
  });
  await bookings.tell(at(20_000), 1_000);
  await bookings.tell(at(30_000), 1_002);
  await bookings.tell(at(25_000), 1_001);
  await bookings.tell(at(26_000), 1_002);
  expect(await priceOf(listing)).toBe(30_000);
});

it('each kind of event is the whole of it', async () => {
  const listing = await bookings.givenListing();
  await bookings.service.deliver('listing.paused', { ...listing.body, status: 'paused' }, { version: 5_000 });
  expect((await bookings.quote(aUser(), listing)).status).toBe(404);
  await bookings.service.deliver('listing.published', listing.body, { version: 5_001 });
  expect((await bookings.quote(aUser(), listing)).status).toBe(201);
});

it('a draft without price, zone or currency is kept and can’t be booked', async () => {
  const bare = {
    status: 'draft' as const,
    pricing: null,
    timeZone: null,
    currency: null,
    cancellationPolicy: null,
  };
  const listing = await bookings.givenListing(bare);
  expect((await bookings.quote(aUser(), listing)).status).toBe(404);
});

it('replayed into an emptied projection it gives the same, and the calendar is still the listing’s', async () => {
  const listing = await bookings.givenListing();
  await bookings.givenConfirmed({ listing });
  const table = 'SELECT * FROM listing_snapshot WHERE listing_id = $1';
  const before = await bookings.service.query<{ version: string }>(table, [listing.id]);
  await bookings.service.query('TRUNCATE listing_snapshot, inbox_event');
  await bookings.tell(listing.body, Number(before[0]?.version));
  expect(await bookings.service.query(table, [listing.id])).toEqual(before);
  expect(await bookings.isFree(listing, june.checkInDate)).toBe(false);
});

it('more preparation widens what is blocked', async () => {
  const listing = await bookings.givenListing();
  await bookings.givenConfirmed({ listing });
  await bookings.tell({ ...listing.body, stayRules: { ...listing.body.stayRules, preparationNights: 2 } });
  expect(await bookings.isFree(listing, '2027-06-15')).toBe(false);
  expect(await bookings.isFree(listing, '2027-06-16')).toBe(true);
  await eventually(async () => {
    const said = (await bookings.service.published('calendar.changed')).filter(
      (event) => event.listingId === listing.id,
    );
    expect(said.at(-1)?.blocked).toEqual([{ from: '2027-06-08', to: '2027-06-16' }]);
  });
});
