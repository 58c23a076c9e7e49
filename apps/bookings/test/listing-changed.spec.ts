import { testUser, eventually } from '@roost/testing';
import { juneStay, useBookings } from './bookings.fixture.js';

const bookings = useBookings();

const priceOf = async (listing: { id: string }) =>
  (await bookings.givenQuote(testUser(), listing)).lines[0]?.amountMinor;

it('stores the newest version, in whatever order the events arrive', async () => {
  const listing = await bookings.givenListing();
  const at = (basePriceMinor: number) => ({
    ...listing.body,
    pricing: { ...listing.body.pricing!, basePriceMinor },
  });
  await bookings.publishListing(at(20_000), 1_000);
  await bookings.publishListing(at(30_000), 1_002);
  await bookings.publishListing(at(25_000), 1_001);
  await bookings.publishListing(at(26_000), 1_002);
  expect(await priceOf(listing)).toBe(30_000);
});

it('applies the full state of each event type', async () => {
  const listing = await bookings.givenListing();
  await bookings.service.deliver('listing.paused', { ...listing.body, status: 'paused' }, { version: 5_000 });
  expect((await bookings.quote(testUser(), listing)).status).toBe(404);
  await bookings.service.deliver('listing.published', listing.body, { version: 5_001 });
  expect((await bookings.quote(testUser(), listing)).status).toBe(201);
});

it('stores a draft without price, time zone or currency and rejects quotes for it', async () => {
  const incomplete = {
    status: 'draft' as const,
    pricing: null,
    timeZone: null,
    currency: null,
    cancellationPolicy: null,
  };
  const listing = await bookings.givenListing(incomplete);
  expect((await bookings.quote(testUser(), listing)).status).toBe(404);
});

it('rebuilds the same projection from a replay and leaves the calendar unchanged', async () => {
  const listing = await bookings.givenListing();
  await bookings.givenConfirmed({ listing });
  const select = 'SELECT * FROM listing_snapshot WHERE listing_id = $1';
  const before = await bookings.service.query<{ version: string }>(select, [listing.id]);
  await bookings.service.query('TRUNCATE listing_snapshot, inbox_event');
  await bookings.publishListing(listing.body, Number(before[0]?.version));
  expect(await bookings.service.query(select, [listing.id])).toEqual(before);
  expect(await bookings.calendar.isFree(listing, juneStay.checkInDate)).toBe(false);
});

it('blocks more nights when the preparation nights increase', async () => {
  const listing = await bookings.givenListing();
  await bookings.givenConfirmed({ listing });
  await bookings.publishListing({
    ...listing.body,
    stayRules: { ...listing.body.stayRules, preparationNights: 2 },
  });
  expect(await bookings.calendar.isFree(listing, '2027-06-15')).toBe(false);
  expect(await bookings.calendar.isFree(listing, '2027-06-16')).toBe(true);
  await eventually(async () => {
    const published = await bookings.calendar.published(listing);
    expect(published.at(-1)?.blocked).toEqual([{ from: '2027-06-08', to: '2027-06-16' }]);
  });
});
