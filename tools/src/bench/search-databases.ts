import { loadListings } from '../load-data/load.js';
import type { BenchEnvironment } from './harness/bench-environment.js';
import { randomKeys, type Sample, SAMPLE_STATEMENT } from './search-requests.js';

const SAMPLES = 6_000;
const SEED = 1;
/** The first night of searches with dates: after any advance notice. */
const DAYS_AHEAD = 20;

export const databaseOf = (listings: number) => `roost_load_${listings}`;

/** Fills the database of a size unless an earlier run did. */
export async function fillDatabase(environment: BenchEnvironment, listings: number): Promise<void> {
  const database = databaseOf(listings);
  await environment.ensureDatabase(database);
  const service = await startListings(environment, database);
  await environment.stopService(service);
  const [{ count } = { count: 0 }] = await environment.sql<{ count: number }>(
    database,
    'SELECT count(*)::int FROM listing_search',
  );
  if (count === listings) return;
  await loadListings({
    url: environment.postgres.url(database),
    seed: SEED,
    listings,
    from: new Date().toISOString().slice(0, 10),
    replace: true,
    screen: process.stderr,
  });
}

export function startListings(environment: BenchEnvironment, database: string, node: string[] = []) {
  const env = environment.env({
    DATABASE_URL: environment.postgres.url(database),
    LOCATION_SECRET: 'location-secret-of-this-benchmark-run',
  });
  return environment.run('apps/listings/src/main.ts', env, { readyPath: '/health/ready', node });
}

export async function readSamples(environment: BenchEnvironment, listings: number): Promise<Sample[]> {
  const from = new Date(Date.now() + DAYS_AHEAD * 86_400_000).toISOString().slice(0, 10);
  return environment.sql<Sample & Record<string, unknown>>(databaseOf(listings), SAMPLE_STATEMENT, [
    randomKeys(SEED, SAMPLES, listings),
    from,
  ]);
}
