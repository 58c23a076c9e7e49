import { parseArgs } from 'node:util';
import { isCurrency } from '@roost/money';
import { isTimeZone } from '@roost/stay';
import { ImportFailed } from './import-failed.js';
import { InsideAirbnbImport } from './inside-airbnb.js';
import { Operator } from './operator.js';

const HELP = `Brings listings, hosts, calendars and reviews from elsewhere into a running Roost, through the rules that its
own have to keep. Run it again whenever the files are newer: what came in before is found again, nothing comes in twice.

  npm run import -- inside-airbnb --listings FILE [options]

Files as Inside Airbnb publishes them (listings.csv, calendar.csv, reviews.csv), plain or gzip:

  --listings FILE    hosts and listings; rows without a price are skipped
  --calendar FILE    days that are not available become blocks; the blocks of an earlier import go
  --reviews FILE     reviews as external ones: shown as such, outside of the ratings

What the files do not say:

  --city NAME        else the name in front of "_listings", or the neighbourhood column
  --country CODE     two letters; else from the coordinates
  --time-zone ZONE   such as Europe/London; else from the coordinates
  --currency CODE    three letters; else what people pay with in that country
  --instant          every listing can be booked at once, not only those that say so
  --shift-to-today   moves the calendar so that its first day is today

Where to:

  --url URL          where Roost listens (default http://localhost:3000)
  --token TOKEN      an administrator's access token (or ROOST_ADMIN_TOKEN); not needed in development
  --help             this text

It ends with a count of what was created, updated, unchanged, skipped and refused, and why. A row that breaks a rule is
refused and counted and stops nothing; the exit code is 1 only when the run itself could not go on, 2 for wrong options.
A listing that its host has changed here since is changed back to what the file says.`;

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
    throw new WrongOption(`It reads inside-airbnb only, not "${positionals.join(' ')}"`);
  }
  const { listings, country, currency, 'time-zone': timeZone } = values;
  if (listings === undefined) throw new WrongOption('Name the file of the listings: --listings FILE');
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
    console.error(`${error.message}\n\nnpm run import -- --help says what it takes.`);
    process.exitCode = 2;
  } else {
    console.error(error instanceof ImportFailed ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
