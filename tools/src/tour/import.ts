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
import { untilState, book, assertRule, pay } from './actions.js';
import type { Step } from './smoke.js';
import { GUESTS } from './sample-listing.js';
import { type Listing, type Quote, tour } from './tour-state.js';

const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const csv = (...rows: (readonly string[])[]): string => rows.map((row) => row.map(cell).join(',')).join('\n');

/** Two flats in the format of another marketplace; the second has no price. */
function flats(): string {
  const flat: Partial<ListingCells> = {
    id: `${tour.run}-1`,
    name: 'Flat over the "Old Bakery"',
    description: 'Warm at night.<br />Bread at seven,\nbaked below. Write to baker@example.org.',
    host_id: `${tour.run}-7`,
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
  const rows = [flat, { ...flat, id: `${tour.run}-2`, price: '' }];
  return csv(LISTING_COLUMNS, ...rows.map((row) => LISTING_COLUMNS.map((column) => row[column] ?? '')));
}

/** Not available from the third day on, for four nights. */
function days(): string {
  const rows = Array.from({ length: 30 }, (_, day) => {
    const taken = day >= 2 && day < 6;
    return [`${tour.run}-1`, tour.date(20 + day), taken ? 'f' : 't'];
  });
  return csv(['listing_id', 'date', 'available'], ...rows);
}

function reviews(): string {
  const columns = ['listing_id', 'id', 'date', 'reviewer_name', 'comments'];
  const text = 'The bread!<br/>And the sea &amp; the light.';
  return csv(columns, [`${tour.run}-1`, `${tour.run}-9`, '2024-05-03', 'Noor', text]);
}

async function runImport(url: string, folder: string): Promise<Report> {
  const run = new InsideAirbnbImport(
    await Operator.at(url, undefined),
    {
      listings: join(folder, 'listings.csv.gz'),
      calendar: join(folder, 'calendar.csv'),
      reviews: join(folder, 'reviews.csv'),
      city: `Vila Import ${tour.run}`,
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
  throw new Error(`expected ${JSON.stringify(counts)}, the import reported:\n${report.lines().join('\n')}`);
}

async function findImported(anonymous: Client, from: number, to: number): Promise<string> {
  const path = `/v1/listings/search?city=${encodeURIComponent(`Vila Import ${tour.run}`)}`;
  const found = await anonymous.until<{ data: { id: string }[] }>(
    `${path}&checkIn=${tour.date(from)}&checkOut=${tour.date(to)}&guests=3`,
    (response) => response.body.data.length === 1,
  );
  const taken = await anonymous.until<{ data: unknown[] }>(
    `${path}&checkIn=${tour.date(23)}&checkOut=${tour.date(25)}`,
    (response) => response.body.data.length === 0,
  );
  anonymous.expect(taken, 200);
  return found.body.data[0]?.id ?? '';
}

/** Imports a flat of another marketplace with its calendar and a review. */
export const importStep = (url: string): Step => ({
  name: 'A flat of another marketplace is imported twice and booked beside its taken nights',
  run: async (anonymous) => {
    const folder = await mkdtemp(join(tmpdir(), 'roost-tour-'));
    try {
      await writeFile(join(folder, 'listings.csv.gz'), gzipSync(flats()));
      await writeFile(join(folder, 'calendar.csv'), days());
      await writeFile(join(folder, 'reviews.csv'), reviews());
      expectCounts(await runImport(url, folder), {
        'hosts created': 1,
        'listings created': 1,
        'listings skipped': 1,
        'calendars created': 1,
        'reviews created': 1,
      });
      expectCounts(await runImport(url, folder), {
        'hosts unchanged': 1,
        'listings unchanged': 1,
        'calendars unchanged': 1,
        'reviews unchanged': 1,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const id = await findImported(anonymous, 26, 29);
    const shown = await anonymous.get<Listing & { title: string; description: string }>(`/v1/listings/${id}`);
    assertRule(
      anonymous,
      shown,
      shown.body.title === 'Flat over the "Old Bakery"' &&
        shown.body.description.startsWith('Warm at night.\nBread at seven,\nbaked below.') &&
        !shown.body.description.includes('baker@'),
      'texts are imported without mail addresses',
    );
    const listed = await anonymous.until<{ data: { text: string }[]; rating: unknown }>(
      `/v1/listings/${id}/reviews`,
      (response) => response.status === 200 && response.body.data.length === 1,
    );
    assertRule(
      anonymous,
      listed,
      listed.body.data[0]?.text === 'The bread!\nAnd the sea & the light.' && listed.body.rating === null,
      'its old review is shown and has no rating',
    );
    const { guest } = tour;
    const stay = (from: number, to: number) =>
      guest.post<Quote>('/v1/quotes', {
        listingId: id,
        checkInDate: tour.date(from),
        checkOutDate: tour.date(to),
        guests: GUESTS,
      });
    guest.expect(await stay(24, 28), 409, 'booking.dates_unavailable');
    const quote = guest.expect(await stay(26, 29), 201).body;
    const booking = await book(guest, quote);
    await pay(guest, booking);
    await untilState(guest, booking, 'confirmed');
    return `3 nights for ${formatMoney(quote.totalMinor, quote.currency)}`;
  },
});
