import type pg from 'pg';
import { ID_PREFIX } from './listing-rows.js';

/** A reason not to write generated data. The message is one sentence. */
export class RefusedDatabase extends Error {}

/** The tables with rows of hosts and guests. The others depend on them. */
const TABLES = ['listing', 'wishlist', 'guest_booking'] as const;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '[::1]', '']);

/**
 * Throws unless the database has only generated data. `force` accepts a database on another host and other listings, but no
 * production environment.
 */
export async function requireNoProduction(
  client: pg.Client,
  { url, environment, force }: { url: string; environment: string | undefined; force: boolean },
): Promise<void> {
  if (environment === 'production')
    throw new RefusedDatabase('ROOST_ENV is production: generated listings would be offered to guests.');
  if (force) return;
  const { hostname } = new URL(url);
  if (!LOOPBACK.has(hostname))
    throw new RefusedDatabase(
      `The database is at ${hostname}, not on this machine. Pass --force if it is a test database.`,
    );
  for (const table of TABLES) {
    const own = table === 'listing' ? `WHERE id::text NOT LIKE '${ID_PREFIX}-%'` : '';
    const { rows } = await client.query(`SELECT FROM ${table} ${own} LIMIT 1`);
    if (rows.length > 0)
      throw new RefusedDatabase(
        `The database has rows in "${table}" that this command did not generate. Pass --force to add generated listings nevertheless.`,
      );
  }
}
