import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LISTING_COLUMNS, type ListingCells } from '../import/listing-row.js';
import { checkAgreement, underWay } from './agreement.js';
import type { Difference, Sources } from './difference.js';
import { Lives, type LivesOptions, type LivesReport } from './lives.js';
import { Roost } from './roost.js';

const data = new URL('../../../../shared/data/inside-airbnb/', import.meta.url);
const QUIET_WITHIN_MS = 120_000;

/** The files are not part of this repository: without them a city of 60 places is made up. */
export async function startAlbany(): Promise<Roost> {
  const roost = await Roost.start();
  try {
    const file = (name: string) => new URL(`albany_${name}.csv.gz`, data).pathname;
    const files = existsSync(data)
      ? ['--listings', file('listings'), '--calendar', file('calendar')]
      : ['--listings', madeUp(), '--city', 'Albany'];
    await roost.import(...files, '--shift-to-today');
    return roost;
  } catch (error) {
    await roost.stop();
    throw error;
  }
}

function madeUp(): string {
  const rows = Array.from({ length: 60 }, (_, index): Partial<ListingCells> => ({
    id: String(1000 + index),
    name: `House ${index}`,
    host_id: String(index % 15),
    host_name: `Host ${index % 15}`,
    neighbourhood_cleansed: 'Ward 1',
    latitude: '42.65',
    longitude: '-73.75',
    property_type: 'Entire home',
    room_type: 'Entire home/apt',
    accommodates: '4',
    amenities: '[]',
    price: `$${80 + index}.00`,
  }));
  const lines = rows.map((row) => LISTING_COLUMNS.map((column) => row[column] ?? '').join(','));
  const path = join(mkdtempSync(join(tmpdir(), 'roost-made-up-')), 'albany_listings.csv');
  writeFileSync(path, [LISTING_COLUMNS.join(','), ...lines].join('\n'));
  return path;
}

/** Random lives, and then silence. */
export async function liveThrough(roost: Roost, options: LivesOptions): Promise<LivesReport> {
  const lives = new Lives(roost, options);
  const report = await lives.run();
  await quiet(roost);
  return report;
}

/** Waits until nothing is under way. */
export async function quiet(roost: Roost): Promise<void> {
  for (const deadline = performance.now() + QUIET_WITHIN_MS; ; await pause(200)) {
    const open = await underWay(roost);
    if (open.length === 0) return;
    if (performance.now() > deadline) throw new Error(`Roost does not come to rest:\n${lines(open)}`);
  }
}

/** What the check finds, with stays to search for that lie where the lives were lived. */
export async function differences(
  roost: Roost,
  options: { query?: Sources['query']; shown?: boolean } = {},
): Promise<Difference[]> {
  const now = await roost.advance('PT0S');
  const date = (days: number) => new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10);
  const stays = [
    [3, 5],
    [6, 7],
    [10, 13],
    [20, 22],
    [33, 38],
  ].map(([from = 0, to = 0]) => ({ city: 'Albany', checkInDate: date(from), checkOutDate: date(to) }));
  return await checkAgreement(
    { query: options.query ?? roost.query, url: roost.url, now },
    { stays, shown: options.shown ?? true },
  );
}

export const lines = (differences: readonly Difference[]): string =>
  differences.map(({ rule, about, what }) => `${rule}: ${about}: ${what}`).join('\n');
