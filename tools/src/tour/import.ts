import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { formatMoney } from '@roost/money';
import { InsideAirbnbImport } from '../import/inside-airbnb.js';
import { LISTING_COLUMNS, type ListingCells } from '../import/listing-row.js';
import { Operator } from '../import/operator.js';
import type { Report } from '../import/report.js';
import type { Client } from './client.js';
import { becomes, book, must, pay, type Step, world } from './journey.js';
import { GUESTS, type Listing, type Quote } from './world.js';

const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const csv = (...rows: (readonly string[])[]): string => rows.map((row) => row.map(cell).join(',')).join('\n');

/** Two flats as another marketplace would tell of them; the second has no price. */
function flats(): string {
  const flat: Partial<ListingCells> = {
    id: `${world.run}-1`,
    name: 'Flat over the "Old Bakery"',
    description: 'Warm at night.<br />Bread at seven,\nbaked below. Write to baker@example.org.',
    host_id: `${world.run}-7`,
    host_name: 'Inês & Rui',
    neighbourhood_cleansed: 'Baixa',
    latitude: '38.5244',
    longitude: '-8.8882',
    property_type: 'Entire rental unit',
    room_type: 'Entire home/apt',
    accommodates: '4',
    bathrooms_text: '1.5 baths',
    bedrooms: '2',
    beds: '3',
    amenities: '["Fast wifi – 200 Mbps", "Kitchen"]',
    price: '$1,104.50',
    minimum_nights: '2',
    maximum_nights: '1125',
    instant_bookable: 't',
  };
  const rows = [flat, { ...flat, id: `${world.run}-2`, price: '' }];
  return csv(LISTING_COLUMNS, ...rows.map((row) => LISTING_COLUMNS.map((column) => row[column] ?? '')));
}

/** Taken from the third day on, for four nights. */
function days(): string {
  const rows = Array.from({ length: 30 }, (_, day) => {
    const taken = day >= 2 && day < 6;
    return [`${world.run}-1`, world.date(20 + day), taken ? 'f' : 't'];
  });
  return csv(['listing_id', 'date', 'available'], ...rows);
}

function reviews(): string {
  const columns = ['listing_id', 'id', 'date', 'reviewer_name', 'comments'];
  const text = 'The bread!<br/>And the sea &amp; the light.';
  return csv(columns, [`${world.run}-1`, `${world.run}-9`, '2024-05-03', 'Noor', text]);
}

async function imported(url: string, folder: string): Promise<Report> {
  const run = new InsideAirbnbImport(
    await Operator.at(url, undefined),
    {
      listings: join(folder, 'listings.csv.gz'),
      calendar: join(folder, 'calendar.csv'),
      reviews: join(folder, 'reviews.csv'),
      city: `Vila Import ${world.run}`,
      instant: false,
      shiftToToday: false,
    },
    { write: () => true },
  );
  return await run.run();
}

function expectCounts(report: Report, counts: Record<string, number>): void {
  const got = Object.fromEntries(
    Object.keys(counts).map((name) => {
      const [kind, outcome] = name.split(' ') as [Parameters<Report['of']>[0], Parameters<Report['of']>[1]];
      return [name, report.of(kind, outcome)];
    }),
  );
  if (JSON.stringify(got) === JSON.stringify(counts)) return;
  throw new Error(
    `expected ${JSON.stringify(counts)}, and this came of the import:\n${report.lines().join('\n')}`,
  );
}

async function findImported(anyone: Client, from: number, to: number): Promise<string> {
  const path = `/v1/listings/search?city=${encodeURIComponent(`Vila Import ${world.run}`)}`;
  const found = await anyone.until<{ data: { id: string }[] }>(
    `${path}&checkIn=${world.date(from)}&checkOut=${world.date(to)}&guests=3`,
    (answer) => answer.body.data.length === 1,
  );
  const taken = await anyone.until<{ data: unknown[] }>(
    `${path}&checkIn=${world.date(23)}&checkOut=${world.date(25)}`,
    (answer) => answer.body.data.length === 0,
  );
  anyone.expect(taken, 200);
  return found.body.data[0]?.id ?? '';
}

/** A host comes over from another marketplace, with a flat, its calendar and a review. */
export const importStep = (url: string): Step => ({
  name: 'A flat comes over from another marketplace, twice, and is booked beside its taken nights',
  run: async (anyone) => {
    const folder = await mkdtemp(join(tmpdir(), 'roost-tour-'));
    try {
      await writeFile(join(folder, 'listings.csv.gz'), gzipSync(flats()));
      await writeFile(join(folder, 'calendar.csv'), days());
      await writeFile(join(folder, 'reviews.csv'), reviews());
      expectCounts(await imported(url, folder), {
        'hosts created': 1,
        'listings created': 1,
        'listings skipped': 1,
        'calendars created': 1,
        'reviews created': 1,
      });
      expectCounts(await imported(url, folder), {
        'hosts unchanged': 1,
        'listings unchanged': 1,
        'calendars unchanged': 1,
        'reviews unchanged': 1,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const id = await findImported(anyone, 26, 29);
    const seen = await anyone.get<Listing & { title: string; description: string }>(`/v1/listings/${id}`);
    must(
      anyone,
      seen,
      seen.body.title === 'Flat over the "Old Bakery"' &&
        seen.body.description.startsWith('Warm at night.\nBread at seven,\nbaked below.') &&
        !seen.body.description.includes('baker@'),
      'texts come over whole, without mail addresses',
    );
    const told = await anyone.until<{ data: { text: string }[]; rating: unknown }>(
      `/v1/listings/${id}/reviews`,
      (answer) => answer.status === 200 && answer.body.data.length === 1,
    );
    must(
      anyone,
      told,
      told.body.data[0]?.text === 'The bread!\nAnd the sea & the light.' && told.body.rating === null,
      'its old review is shown and counts for nothing',
    );
    const { guest } = world;
    const stay = (from: number, to: number) =>
      guest.post<Quote>('/v1/quotes', {
        listingId: id,
        checkInDate: world.date(from),
        checkOutDate: world.date(to),
        guests: GUESTS,
      });
    guest.expect(await stay(24, 28), 409, 'booking.dates_unavailable');
    const quote = guest.expect(await stay(26, 29), 201).body;
    const booking = await book(guest, quote);
    await pay(guest, booking);
    await becomes(guest, booking, 'confirmed');
    return `3 nights for ${formatMoney(quote.totalMinor, quote.currency)}`;
  },
});
