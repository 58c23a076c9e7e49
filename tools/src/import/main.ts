import { parseArgs } from 'node:util';
import { isCurrency } from '@roost/money';
import { isTimeZone } from '@roost/stay';
import { ImportFailed } from './import-failed.js';
import { InsideAirbnbImport } from './inside-airbnb.js';
import { Operator } from './operator.js';

const HELP = `Imports listings, hosts, calendars and reviews into a running Roost; all rules apply. Run it again whenever the files are
newer: existing records are updated, nothing is imported twice.

  npm run import -- inside-airbnb --listings FILE [options]

Files of Inside Airbnb (listings.csv, calendar.csv, reviews.csv), plain or gzip:

  --listings FILE    hosts and listings; rows without a price are skipped
  --calendar FILE    days that are not available become blocks; those of an earlier import are removed
  --reviews FILE     external reviews: shown as such, outside of the ratings

Values that the files lack:

  --city NAME        default: the file name in front of "_listings", or the neighbourhood column
  --country CODE     two letters; default: from the coordinates
  --time-zone ZONE   such as Europe/London; default: from the coordinates
  --currency CODE    three letters; default: the currency of the country
  --instant          every listing uses instant book, not only those with instant_bookable
  --shift-to-today   moves the calendar so that its first day is today

Target:

  --url URL          the address of Roost (default http://localhost:3000)
  --token TOKEN      the access token of an administrator (or ROOST_ADMIN_TOKEN); not needed in development
  --help             this text

At the end it prints how many rows were created, updated, unchanged, skipped and rejected, and why. A row that breaks a rule
is rejected and counted; the import continues. The exit code is 1 only when the run could not continue, 2 for wrong options.
Changes that a host made since are overwritten.`;

class WrongOption extends Error {}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        listings: { type: 'string' },
        calendar: { type: 'string' },
        reviews: { type: 'string' },
        city: { type: 'string' },
        country: { type: 'string' },
        'time-zone': { type: 'string' },
        currency: { type: 'string' },
        instant: { type: 'boolean', default: false },
        'shift-to-today': { type: 'boolean', default: false },
        url: { type: 'string', default: 'http://localhost:3000' },
        token: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new WrongOption((error as Error).message);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = options();
  if (values.help) {
    console.log(HELP);
    return;
  }
  const [format, ...surplus] = positionals;
  if (format !== 'inside-airbnb' || surplus.length > 0) {
    throw new WrongOption(`The only format is inside-airbnb, not "${positionals.join(' ')}"`);
  }
  const { listings, country, currency, 'time-zone': timeZone } = values;
  if (listings === undefined) throw new WrongOption('Pass the file with the listings: --listings FILE');
  if (country !== undefined && !/^[A-Z]{2}$/.test(country)) {
    throw new WrongOption('--country takes two capital letters, such as US');
  }
  if (currency !== undefined && !isCurrency(currency)) {
    throw new WrongOption('--currency takes an ISO 4217 code, such as USD');
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    throw new WrongOption('--time-zone takes an IANA time zone, such as Europe/London');
  }
  const started = performance.now();
  const operator = await Operator.at(values.url, values.token ?? process.env.ROOST_ADMIN_TOKEN);
  const run = new InsideAirbnbImport(
    operator,
    {
      listings,
      calendar: values.calendar,
      reviews: values.reviews,
      city: values.city,
      country,
      timeZone,
      currency,
      instant: values.instant,
      shiftToToday: values['shift-to-today'],
    },
    process.stdout,
  );
  try {
    await run.run();
  } finally {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (!run.report.isEmpty) console.log(['', ...run.report.lines(), '', `Took ${seconds} s.`].join('\n'));
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof WrongOption) {
    console.error(`${error.message}\n\nSee npm run import -- --help.`);
    process.exitCode = 2;
  } else {
    console.error(error instanceof ImportFailed ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
