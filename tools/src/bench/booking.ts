import { Output } from '../cli/command.js';
import { CpuMeter, type CpuMillis, total, type Watched } from './harness/cpu.js';
import { serveDocuments } from './harness/documents.js';
import { drive, type LoadRequest } from './harness/load.js';
import { optionsOf, positive } from './harness/options.js';
import { type Service, Stage } from './harness/stage.js';
import { inTurns, median, quantile } from './harness/turns.js';
import { type BenchQuote, clonedFloor, fillListings, fillQuotes, written } from './booking.data.js';

const HELP = `Books quotes (POST /v1/bookings) through the gateway and beside it through the floor, in turns, and prints the CPU
time of every process per request and the ratio. The floor is a bare Fastify with the same SQL behind a bare Fastify
that passes through. App and floor have databases that were equal at the start; both must have written the same at the end.

  npm run bench:booking [-- options]

  --requests N      bookings per turn (default 600)
  --rounds N        turns of each (default 3)
  --connections L   numbers of connections, separated by commas (default 1,16,64)
  --profile DIR     leave CPU profiles of gateway and bookings there (node --cpu-prof)
  --json            print JSON instead of tables
  --help            this text

It starts its own PostgreSQL, Redis, gateway and bookings. "low" is many listings and nights that nobody else wants; "hot"
is one listing whose nights all want: most are refused. What bookings does after it has answered (announcing the
calendar, the relay) is waited for and counted. Trust ratios, not milliseconds.`;

type Contention = 'low' | 'hot';

interface Subject {
  name: 'app' | 'floor';
  url: string;
  database: string;
  watched: Watched;
}

interface Turn {
  requests: number;
  held: number;
  answered: CpuMillis;
  settled: CpuMillis;
  perSecond: number;
  millis: number[];
}

const values = optionsOf(HELP, {
  requests: { type: 'string', default: '600' },
  rounds: { type: 'string', default: '3' },
  connections: { type: 'string', default: '1,16,64' },
  profile: { type: 'string' },
});
const requests = positive('requests', values.requests);
const rounds = positive('rounds', values.rounds);
const connections = values.connections.split(',').map((text) => positive('connections', text));
const out = new Output(values.json === true);
const WARM_UP = 400;
const TRACED = 20;

out.progress('starting PostgreSQL, Redis, bookings and gateway');
const stage = await Stage.set();
const documents = await serveDocuments(['identity', 'listings', 'payments', 'reviews']);
process.once('SIGINT', () => void stage.strike().finally(() => process.exit(130)));
try {
  await run();
} finally {
  await stage.strike();
  documents.close();
}

async function run(): Promise<void> {
  const guests = Array.from({ length: 64 }, () => stage.signedIn());
  const profile = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const startBookings = (node: string[] = []) =>
    stage.run(
      'apps/bookings/src/main.ts',
      stage.env({ DATABASE_URL: stage.postgres.url('roost_bookings') }),
      { readyPath: '/health/ready', node },
    );

  // Once for its tables and a first quote; then the filled database is copied while nobody holds it.
  const first = await startBookings();
  out.progress('filling the database with listings and quotes');
  await fillListings(stage);
  const cases = connections.length * rounds;
  const quotes = await fillQuotes(stage, first, guests, {
    low: WARM_UP + TRACED + cases * requests,
    hot: cases,
    hotRequests: requests,
  });
  await stage.end(first);
  await clonedFloor(stage);

  const bookings = await startBookings(profile);
  const gateway = await stage.run(
    'apps/gateway/src/main.ts',
    stage.env({
      ...documents.env,
      BOOKINGS_URL: bookings.url,
      METRICS_PORT: '0',
      RATE_LIMIT_PER_MINUTE: '1000000',
    }),
    { readyPath: '/health/ready', node: profile },
  );
  const server = await stage.run(
    'tools/src/bench/floor/booking.ts',
    { DATABASE_URL: stage.postgres.url('roost_floor') },
    { readyPath: '/ready' },
  );
  const proxy = await stage.run(
    'tools/src/bench/floor/proxy.ts',
    { UPSTREAM: server.url },
    { readyPath: '/ready' },
  );
  const subjects: Subject[] = [
    subject('app', gateway, 'roost_bookings', { gateway, bookings }),
    subject('floor', proxy, 'roost_floor', { proxy, server }),
  ];

  const next = (contention: Contention, count: number): LoadRequest[] => {
    const taken: BenchQuote[] =
      (contention === 'hot' ? quotes.hot.shift() : quotes.low.splice(0, count)) ?? [];
    if (taken.length < count) throw new Error('there are too few quotes');
    return taken.map(({ quoteId, guest }) => ({
      method: 'POST',
      path: '/v1/bookings',
      headers: { ...guest.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ quoteId }),
    }));
  };

  out.progress('comparing the answers, warming up');
  await compareAnswers(subjects, next('low', 1));
  const warmUp = next('low', WARM_UP - 1);
  for (const one of subjects) await turn(one, 'low', 8, warmUp);

  const results = [];
  for (const contention of ['low', 'hot'] as const) {
    for (const count of connections) {
      const plan = Array.from({ length: rounds }, () => next(contention, requests));
      const measured = await inTurns(subjects, rounds, async (one, round) => {
        out.progress(`${contention}, ${count} connections, round ${round + 1} of ${rounds}: ${one.name}`);
        return await turn(one, contention, count, plan[round] ?? []);
      });
      results.push(summary(contention, count, measured));
    }
  }
  await compareDatabases(subjects);
  out.progress('counting round trips');
  const traced = next('low', TRACED);
  const roundTrips = [];
  for (const one of subjects) roundTrips.push(await countRoundTrips(one, traced));
  print(results, { app: roundTrips[0] ?? 0, floor: roundTrips[1] ?? 0 });
}

function subject(
  name: Subject['name'],
  entry: Service,
  database: string,
  processes: Record<string, Service>,
): Subject {
  const watched: Watched = { postgres: () => stage.backends(database) };
  for (const [process, { pid }] of Object.entries(processes)) watched[process] = () => [pid];
  return { name, url: entry.url, database, watched };
}

async function turn(
  { name, url, database, watched }: Subject,
  contention: Contention,
  count: number,
  load: readonly LoadRequest[],
): Promise<Turn> {
  const meter = await CpuMeter.start(watched);
  const result = await drive(url, count, load, (status, body) => {
    const taken = contention === 'hot' && status === 409 && body.includes('booking.dates_unavailable');
    if (status !== 201 && !taken) throw new Error(`${name} answered ${status}: ${body.slice(0, 500)}`);
  });
  const answered = await meter.read();
  if (name === 'app') await stage.untilNone(database, 'SELECT FROM calendar_mark');
  return {
    requests: result.requests,
    held: result.statuses['201'] ?? 0,
    answered,
    settled: await meter.read(),
    perSecond: result.requests / result.seconds,
    millis: result.millis,
  };
}

/** CPU-ms per request and process, the median of the rounds. */
function perRequest(turns: readonly Turn[], which: 'answered' | 'settled'): CpuMillis {
  const names = Object.keys(turns[0]?.[which] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(turns.map((one) => (one[which][name] ?? 0) / one.requests))]),
  );
}

function summary(contention: Contention, count: number, measured: ReadonlyMap<Subject, Turn[]>) {
  const of = (name: Subject['name']) => {
    const turns = [...measured].find(([one]) => one.name === name)?.[1] ?? [];
    const settled = perRequest(turns, 'settled');
    const totals = turns.map((one) => total(one.settled) / one.requests);
    return {
      cpuMillis: settled,
      answeredCpuMillis: total(perRequest(turns, 'answered')),
      totalCpuMillis: median(totals),
      turns: totals,
      requestsPerSecond: median(turns.map(({ perSecond }) => perSecond)),
      p95Millis: quantile(
        turns.flatMap(({ millis }) => millis),
        0.95,
      ),
      heldShare: median(turns.map(({ held, requests: all }) => held / all)),
    };
  };
  const app = of('app');
  const floor = of('floor');
  return {
    contention,
    connections: count,
    app,
    floor,
    ratio: app.totalCpuMillis / floor.totalCpuMillis,
    answeredRatio: app.answeredCpuMillis / floor.answeredCpuMillis,
    ratios: app.turns.map((millis, round) => millis / (floor.turns[round] ?? Number.NaN)),
  };
}

/** The same quote booked in both databases gives the same bytes, but for what is made anew. */
async function compareAnswers(subjects: readonly Subject[], [request]: LoadRequest[]): Promise<void> {
  if (!request) throw new Error('there is no quote');
  const bodies: string[] = [];
  for (const { url } of subjects) {
    await drive(url, 1, [request], (status, body) => {
      if (status !== 201) throw new Error(`${url} answered ${status}: ${body}`);
      const { id, holdExpiresAt, createdAt } = JSON.parse(body) as Record<string, string>;
      let text = body;
      for (const made of [id, holdExpiresAt, createdAt]) text = text.replaceAll(String(made), '');
      bodies.push(text);
    });
  }
  if (bodies[0] !== bodies[1]) {
    throw new Error(`The floor answers otherwise than the app:\n${bodies.join('\n')}`);
  }
}

/** Both have held the same nights for the same bookings, and announced the bookings, where nobody was refused. */
async function compareDatabases(subjects: readonly Subject[]): Promise<void> {
  const [app, floor] = await Promise.all(
    subjects.map(async ({ database }) => JSON.stringify(await written(stage, database))),
  );
  if (app !== floor) throw new Error(`The floor has done other work than the app: ${floor}, not ${app}`);
}

/** The statements of the transaction that holds, per booking, by PostgreSQL's own log. */
async function countRoundTrips({ url }: Subject, load: readonly LoadRequest[]): Promise<number> {
  const said = await stage.statementsDuring(async () => {
    await drive(url, 1, load, () => undefined);
  });
  const transactions = said.flatMap((statements) => transactionsIn(statements));
  const holds = transactions.filter((statements) => statements.some((one) => one.includes('INTO booking (')));
  // The first ones may have come before PostgreSQL's processes had heard that they are to log.
  if (holds.length < load.length / 2)
    throw new Error(`only ${holds.length} of ${load.length} holds in the log`);
  return Math.max(...holds.map((statements) => statements.length));
}

function transactionsIn(statements: readonly string[]): string[][] {
  const found: string[][] = [];
  let open: string[] | null = null;
  for (const statement of statements) {
    if (/^(begin|start)/i.test(statement)) open = [];
    open?.push(statement);
    if (/^(commit|rollback)/i.test(statement) && open) {
      found.push(open);
      open = null;
    }
  }
  return found;
}

function print(results: ReturnType<typeof summary>[], roundTrips: { app: number; floor: number }): void {
  const ms = (value: number | undefined) => (value ?? Number.NaN).toFixed(2);
  out.result({ results, roundTrips }, [
    ...results.map(({ contention, connections: count, app, floor, ratio, answeredRatio, ratios }) => ({
      contention,
      connections: count,
      'gateway ms': ms(app.cpuMillis['gateway']),
      'bookings ms': ms(app.cpuMillis['bookings']),
      'postgres ms': ms(app.cpuMillis['postgres']),
      'app ms': ms(app.totalCpuMillis),
      'proxy ms': ms(floor.cpuMillis['proxy']),
      'server ms': ms(floor.cpuMillis['server']),
      'its postgres ms': ms(floor.cpuMillis['postgres']),
      'floor ms': ms(floor.totalCpuMillis),
      ratio: ratio.toFixed(2),
      'until answered': answeredRatio.toFixed(2),
      rounds: ratios.map((one) => one.toFixed(2)).join(' '),
      'app req/s': Math.round(app.requestsPerSecond),
      'floor req/s': Math.round(floor.requestsPerSecond),
      held: `${Math.round(app.heldShare * 100)} %`,
    })),
  ]);
  out.progress(
    `CPU-ms per request. SQL round trips per booking: ${roundTrips.app}, the floor's ${roundTrips.floor}. "until answered" leaves out what bookings does afterwards.`,
  );
}
