import { rebuildSearchIndex } from '@roost/app-listings/search-rebuild';
import { openEventOperations } from '@roost/messaging';
import pg from 'pg';
import { type Screen, Progress } from '../import/progress.js';
import { copyRows } from './copy.js';
import { RefusedDatabase, requireNoProduction } from './guard.js';
import { generateListing, type GeneratorOptions, hostCount, hostId, ID_PREFIX } from './listing-rows.js';

export interface LoadOptions extends GeneratorOptions {
  /** The database of listings, with its tables. */
  url: string;
  environment?: string | undefined;
  /** Accepts a database with listings of others. */
  force?: boolean;
  /** Deletes generated listings first. */
  replace?: boolean;
  screen: Screen;
}

const CHUNK = 5_000;
/** The statements are limited by the CPU of PostgreSQL, which prepares the search words. */
const CONNECTIONS = 2;
const INACTIVE_HOSTS = 1 / 2_000;

export async function loadListings(options: LoadOptions): Promise<void> {
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: options.url }));
  const [client] = clients as [pg.Client];
  try {
    for (const one of clients) await one.connect();
    await requireNoProduction(client, { environment: undefined, force: false, ...options });
    await removeGenerated(client, options.replace === true);
    await copyHosts(client, options);
    await copyListings(clients, options);
    // The statements of the rebuild are planned for the loaded tables.
    for (const table of ['listing', 'listing_rating', 'listing_calendar'])
      await client.query(`ANALYZE ${table}`);
    await buildSearchRows(options);
    for (const table of [
      'listing',
      'listing_search',
      'listing_calendar',
      'listing_rating',
      'account_standing',
      'host_name',
    ])
      await client.query(`VACUUM ANALYZE ${table}`);
  } finally {
    for (const one of clients) await one.end();
  }
}

async function removeGenerated(client: pg.Client, replace: boolean): Promise<void> {
  const { rows } = await client.query(`SELECT FROM listing WHERE id::text LIKE '${ID_PREFIX}-%' LIMIT 1`);
  if (rows.length === 0) return;
  if (!replace)
    throw new RefusedDatabase(
      'The database has generated listings already. Pass --replace to delete them first.',
    );
  // The sweep of places takes them out of their cities.
  await client.query(
    `INSERT INTO place_change (listing_id) SELECT id FROM listing WHERE id::text LIKE '${ID_PREFIX}-%'`,
  );
  for (const [table, column] of [
    ...['wishlist_listing', 'listing_change', 'listing_search', 'listing_calendar', 'listing_rating'].map(
      (name) => [name, 'listing_id'],
    ),
    ['listing', 'id'],
    ['account_standing', 'user_id'],
    ['host_name', 'user_id'],
  ])
    await client.query(`DELETE FROM ${table} WHERE ${column}::text LIKE '${ID_PREFIX}-%'`);
}

async function copyHosts(client: pg.Client, { seed, listings }: GeneratorOptions): Promise<void> {
  const inactive = Math.round(1 / INACTIVE_HOSTS);
  for (let from = 0; from < hostCount(listings); from += CHUNK) {
    const count = Math.min(CHUNK, hostCount(listings) - from);
    const rows = Array.from({ length: count }, (_, offset) => ({
      user_id: hostId(seed, from + offset),
      version: 1,
      status: (from + offset) % inactive === inactive - 1 ? 'suspended' : 'active',
    }));
    await copyRows(client, 'account_standing', rows);
    const names = rows.map(({ user_id }, offset) => ({
      user_id,
      version: 1,
      display_name: `Host ${from + offset}`,
    }));
    await copyRows(client, 'host_name', names);
  }
}

async function copyListings(clients: readonly pg.Client[], options: LoadOptions): Promise<void> {
  const progress = new Progress(options.screen, 'listings');
  const { rows } = await clients[0]!.query<{ first: string }>(
    'SELECT coalesce(max(key), 0) + 1 AS first FROM listing',
  );
  const firstKey = Number(rows[0]?.first ?? 1);
  let next = 0;
  let done = 0;
  const lane = async (client: pg.Client) => {
    while (next < options.listings) {
      const from = next;
      next = Math.min(options.listings, next + CHUNK);
      await copyChunk(client, options, { from, to: next, firstKey });
      done += Math.min(options.listings, from + CHUNK) - from;
      progress.update(done / options.listings, done);
    }
  };
  await Promise.all(clients.map(lane));
  await clients[0]!.query(
    `SELECT setval(pg_get_serial_sequence('listing', 'key'), (SELECT max(key) FROM listing))`,
  );
  progress.done(done);
}

/** Keys follow the numbers of the listings, so that the same seed gives the same rows. */
async function copyChunk(
  client: pg.Client,
  options: GeneratorOptions,
  { from, to, firstKey }: { from: number; to: number; firstKey: number },
): Promise<void> {
  const generated = Array.from({ length: to - from }, (_, offset) => generateListing(options, from + offset));
  await client.query('BEGIN');
  await copyRows(
    client,
    'listing',
    generated.map(({ listing }, offset) => ({ key: firstKey + from + offset, ...listing })),
  );
  await copyRows(
    client,
    'listing_rating',
    generated.map(({ rating }) => rating).filter((row) => row !== null),
  );
  await copyRows(
    client,
    'listing_calendar',
    generated.map(({ calendar }) => calendar).filter((row) => row !== null),
  );
  await client.query('COMMIT');
}

/** With the code of the service, so that the rows are those that it would write. */
async function buildSearchRows({ url, screen }: LoadOptions): Promise<void> {
  const progress = new Progress(screen, 'search');
  const { transactions, close } = await openEventOperations('listings', url);
  try {
    let listings = 0;
    for await (const state of rebuildSearchIndex(transactions, { restart: true })) {
      listings = state.listings;
      progress.update(state.position / Math.max(1, state.lastKey), listings);
    }
    progress.done(listings);
  } finally {
    await close();
  }
}
