import { Output } from '../cli/command.js';
import { compareResponses, compareWrittenRows, countRoundTrips } from './booking-comparison.js';
import {
  type BenchQuote,
  createFloorDatabase,
  DIRTY_CALENDARS,
  fillListings,
  fillQuotes,
} from './booking-data.js';
import {
  type Contention,
  type Measurement,
  printReport,
  type SubjectName,
  summarize,
} from './booking-report.js';
import { BenchEnvironment, type Service } from './harness/bench-environment.js';
import { CpuMeter, type Watched } from './harness/cpu.js';
import { type LoadRequest, sendLoad } from './harness/load.js';
import { parseOptions, parsePositive } from './harness/options.js';
import { serveReleasedDocuments } from './harness/released-documents.js';
import { measureInRounds } from './harness/rounds.js';

const HELP = `Books quotes (POST /v1/bookings) through the gateway and through the floor, in alternation, and prints the CPU time of each
process per request and the ratio. The floor is a bare Fastify server with the same SQL behind a bare Fastify proxy. The
databases of app and floor are equal at the start and must be equal at the end.

  npm run bench:booking [-- options]

  --requests N      bookings per measurement (default 600)
  --rounds N        measurements of each subject (default 3)
  --connections L   numbers of connections, separated by commas (default 1,16,64)
  --profile DIR     write CPU profiles of gateway and bookings to DIR (node --cpu-prof)
  --json            print JSON instead of tables
  --help            print this help

The benchmark starts its own PostgreSQL, Redis, gateway and bookings. "low" books different nights of many listings; "hot"
books the same nights of one listing, so that most requests are rejected. The work of bookings after the response
(publishing the calendar and the events) is measured as well. Compare ratios, not milliseconds.`;

interface Subject {
  name: SubjectName;
  url: string;
  database: string;
  watched: Watched;
}

const values = parseOptions(HELP, {
  requests: { type: 'string', default: '600' },
  rounds: { type: 'string', default: '3' },
  connections: { type: 'string', default: '1,16,64' },
  profile: { type: 'string' },
});
const requests = parsePositive('requests', values.requests);
const rounds = parsePositive('rounds', values.rounds);
const connections = values.connections.split(',').map((text) => parsePositive('connections', text));
const out = new Output(values.json === true);
const WARM_UP = 400;
/** The number of bookings whose statements are counted. */
const LOGGED = 20;

out.progress('starting PostgreSQL, Redis, bookings and gateway');
const environment = await BenchEnvironment.start();
const documents = await serveReleasedDocuments(['identity', 'listings', 'payments', 'reviews']);
process.once('SIGINT', () => void environment.stop().finally(() => process.exit(130)));
try {
  await run();
} finally {
  await environment.stop();
  documents.close();
}

async function run(): Promise<void> {
  const guests = Array.from({ length: 64 }, () => environment.signedIn());
  const profile = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const startBookings = (node: string[] = []) =>
    environment.run(
      'apps/bookings/src/main.ts',
      environment.env({ DATABASE_URL: environment.postgres.url('roost_bookings') }),
      { readyPath: '/health/ready', node },
    );

  // The first start creates the tables and a quote. The database can only be copied without connections.
  const first = await startBookings();
  out.progress('filling the database with listings and quotes');
  await fillListings(environment);
  const cases = connections.length * rounds;
  const quotes = await fillQuotes(environment, first, guests, {
    low: WARM_UP + LOGGED + cases * requests,
    hot: cases,
    hotRequests: requests,
  });
  await environment.stopService(first);
  await createFloorDatabase(environment);

  const bookings = await startBookings(profile);
  const gateway = await environment.run(
    'apps/gateway/src/main.ts',
    environment.env({
      ...documents.env,
      BOOKINGS_URL: bookings.url,
      METRICS_PORT: '0',
      RATE_LIMIT_PER_MINUTE: '1000000',
    }),
    { readyPath: '/health/ready', node: profile },
  );
  const server = await environment.run(
    'tools/src/bench/floor/booking.ts',
    { DATABASE_URL: environment.postgres.url('roost_floor') },
    { readyPath: '/ready' },
  );
  const proxy = await environment.run(
    'tools/src/bench/floor/proxy.ts',
    { UPSTREAM: server.url },
    { readyPath: '/ready' },
  );
  const app = createSubject('app', gateway, 'roost_bookings', { gateway, bookings });
  const floor = createSubject('floor', proxy, 'roost_floor', { proxy, server });
  const subjects = [app, floor];

  const next = (contention: Contention, count: number): LoadRequest[] => {
    const selected: BenchQuote[] =
      (contention === 'hot' ? quotes.hot.shift() : quotes.low.splice(0, count)) ?? [];
    if (selected.length < count) throw new Error('not enough quotes');
    return selected.map(({ quoteId, guest }) => ({
      method: 'POST',
      path: '/v1/bookings',
      headers: { ...guest.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ quoteId }),
    }));
  };

  out.progress('comparing the responses, warming up');
  await compareResponses(subjects, next('low', 1));
  const warmUp = next('low', WARM_UP - 1);
  for (const one of subjects) await measure(one, 'low', 8, warmUp);

  const results = [];
  for (const contention of ['low', 'hot'] as const) {
    for (const count of connections) {
      const plan = Array.from({ length: rounds }, () => next(contention, requests));
      const measured = await measureInRounds(subjects, rounds, async (one, round) => {
        out.progress(`${contention}, ${count} connections, round ${round + 1} of ${rounds}: ${one.name}`);
        return await measure(one, contention, count, plan[round] ?? []);
      });
      results.push(
        summarize(contention, count, { app: measured.get(app) ?? [], floor: measured.get(floor) ?? [] }),
      );
    }
  }
  await compareWrittenRows(environment, subjects);
  out.progress('counting round trips');
  const logged = next('low', LOGGED);
  printReport(out, results, {
    app: await countRoundTrips(environment, app, logged),
    floor: await countRoundTrips(environment, floor, logged),
  });
}

function createSubject(
  name: SubjectName,
  entry: Service,
  database: string,
  processes: Record<string, Service>,
): Subject {
  const watched: Watched = { postgres: () => environment.backendPids(database) };
  for (const [process, { pid }] of Object.entries(processes)) watched[process] = () => [pid];
  return { name, url: entry.url, database, watched };
}

async function measure(
  { name, url, database, watched }: Subject,
  contention: Contention,
  count: number,
  load: readonly LoadRequest[],
): Promise<Measurement> {
  const meter = await CpuMeter.start(watched);
  const result = await sendLoad(url, count, load, (status, body) => {
    const rejected = contention === 'hot' && status === 409 && body.includes('booking.dates_unavailable');
    if (status !== 201 && !rejected)
      throw new Error(`${name} responded with ${status}: ${body.slice(0, 500)}`);
  });
  const untilResponse = await meter.read();
  if (name === 'app') await environment.waitUntilEmpty(database, DIRTY_CALENDARS);
  return {
    requests: result.requests,
    held: result.statuses['201'] ?? 0,
    untilResponse,
    untilIdle: await meter.read(),
    perSecond: result.requests / result.seconds,
    millis: result.millis,
  };
}
