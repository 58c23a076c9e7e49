import { inspect, parseArgs } from 'node:util';
import { isRealDate } from '@roost/stay';
import { OperatorError } from '../cli/command.js';
import { findSystem, withDatabases } from '../cli/system.js';
import { RefusedDatabase } from './guard.js';
import { loadListings } from './load.js';

const HELP = `Fills the database of listings with generated published listings, to measure search on much data.

  npm run load-data -- [options]

  --listings N     how many (default 100000; at most 5000000)
  --seed N         another seed gives other data; the same one gives the same (default 1; at most 65535)
  --from DATE      the first date that can be taken (default: today); with the seed it determines the data
  --replace        delete the listings of an earlier run first
  --data-dir DIR   the data folder of a running Roost (default: ROOST_DATA_DIR, or .roost)
  --force          also on another host, or beside listings that this command did not generate
  --help           print this help

DATABASE_URL selects a server instead of a data folder. The tables must exist: start Roost once. Cities have 1/rank of the
listings (Zipf) and villages the rest; prices, sizes, ratings, amenities and taken nights are skewed as well. Never runs with
ROOST_ENV=production. One listing takes about 10 kB on disk.`;

const MOST = 5_000_000;
const MOST_SEEDS = 65_535;

class WrongOption extends Error {}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new WrongOption(`--${name} must be a whole number from 1 to ${most}.`);
  return value;
}

function options() {
  try {
    return parseArgs({
      options: {
        listings: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        from: { type: 'string', default: new Date().toISOString().slice(0, 10) },
        replace: { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new WrongOption((error as Error).message);
  }
}

async function main(): Promise<void> {
  const values = options();
  if (values.help) return void process.stdout.write(`${HELP}\n`);
  if (!isRealDate(values.from)) throw new WrongOption('--from must be an existing date, YYYY-MM-DD.');
  const system = findSystem({ 'data-dir': values['data-dir'] });
  // Reports a database that can't be used in one sentence.
  await withDatabases(system, ['listings'], async () => undefined);
  await loadListings({
    url: system.databaseUrl('listings'),
    environment: process.env.ROOST_ENV,
    listings: wholeNumber('listings', values.listings, MOST),
    seed: wholeNumber('seed', values.seed, MOST_SEEDS),
    from: values.from,
    replace: values.replace,
    force: values.force,
    screen: process.stderr,
  });
}

try {
  await main();
} catch (error) {
  const isExpected = [WrongOption, RefusedDatabase, OperatorError].some((kind) => error instanceof kind);
  process.stderr.write(`${isExpected ? (error as Error).message : inspect(error)}\n`);
  process.exitCode = error instanceof WrongOption ? 2 : 1;
}
