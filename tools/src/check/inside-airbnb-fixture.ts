import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@roost/testing';
import { LISTING_COLUMNS, type ListingCells } from '../import/listing-row.js';
import { checkAgreement, findPendingWork } from './agreement.js';
import type { Difference, Sources } from './difference.js';
import { RoostProcess } from './roost-process.js';
import type { RunningRoost } from './running-roost.js';
import { Simulation, type SimulationOptions, type SimulationReport } from './simulation.js';

const dataFolder = new URL('../../../../shared/data/inside-airbnb/', import.meta.url);
// A guest who pays with pm_sandbox_timeoutAfterCharge waits for this timeout.
export const PROVIDER_TIMEOUT_SECONDS = '5';
const IDLE_TIMEOUT_MS = 120_000;
const IDLE_POLL_MS = 50;

/** Starts Roost with the listings of Albany. */
export async function startRoostWithAlbany(): Promise<RoostProcess> {
  const roost = await RoostProcess.start({ PROVIDER_TIMEOUT_SECONDS });
  try {
    await importAlbany(roost);
    return roost;
  } catch (error) {
    await roost.stop();
    throw error;
  }
}

/** Imports the listings of Albany. The repository does not contain the files; without them, 60 listings are generated. */
export async function importAlbany(roost: RunningRoost): Promise<void> {
  const file = (name: string) => new URL(`albany_${name}.csv.gz`, dataFolder).pathname;
  const files = existsSync(dataFolder)
    ? ['--listings', file('listings'), '--calendar', file('calendar')]
    : ['--listings', generateListings(), '--city', 'Albany'];
  await roost.import(...files, '--shift-to-today');
}

function generateListings(): string {
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
  const path = join(mkdtempSync(join(tmpdir(), 'roost-generated-')), 'albany_listings.csv');
  writeFileSync(path, [LISTING_COLUMNS.join(','), ...lines].join('\n'));
  return path;
}

/** Runs a simulation and waits until Roost is idle. */
export async function simulate(roost: RunningRoost, options: SimulationOptions): Promise<SimulationReport> {
  const report = await new Simulation(roost, options).run();
  await waitUntilIdle(roost);
  return report;
}

/** Waits until no work is pending. */
export async function waitUntilIdle(roost: RunningRoost): Promise<void> {
  for (const deadline = performance.now() + IDLE_TIMEOUT_MS; ; await pause(IDLE_POLL_MS)) {
    const pending = await findPendingWork(roost);
    if (pending.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(`Roost still has pending work:\n${formatDifferences(pending)}`);
  }
}

/** The differences that the check reports. Its searches request the nights of the simulation. */
export async function findDifferences(
  roost: RunningRoost,
  options: Partial<Pick<Sources, 'query' | 'now'>> & { publicViews?: boolean } = {},
): Promise<Difference[]> {
  const now = options.now ?? (await roost.advance('PT0S'));
  const date = (days: number) => new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10);
  const searches = [
    [3, 5],
    [6, 7],
    [10, 13],
    [20, 22],
    [33, 38],
  ].map(([from = 0, to = 0]) => ({ city: 'Albany', checkInDate: date(from), checkOutDate: date(to) }));
  return await checkAgreement(
    { query: options.query ?? ((database, sql) => roost.query(database, sql)), url: roost.url, now },
    { searches, publicViews: options.publicViews ?? true },
  );
}

/** Waits until the check reports no differences: meanwhile holds expire, and other services hear of it by event. */
export async function untilAgreement(roost: RunningRoost): Promise<void> {
  await eventually(
    async () => {
      const differences = await findDifferences(roost);
      if (differences.length > 0) throw new Error(formatDifferences(differences));
    },
    { seconds: 60 },
  );
}

const formatDifferences = (differences: readonly Difference[]): string =>
  differences.map(({ rule, subject, description }) => `${rule}: ${subject}: ${description}`).join('\n');
