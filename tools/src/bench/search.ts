import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Output } from '../cli/command.js';
import { BenchEnvironment, type Service } from './harness/bench-environment.js';
import { CpuMeter, type Watched } from './harness/cpu.js';
import { sendLoad } from './harness/load.js';
import { parseOptions, parsePositive } from './harness/options.js';
import { serveReleasedDocuments } from './harness/released-documents.js';
import { measureInRounds } from './harness/rounds.js';
import { databaseOf, fillDatabase, readSamples, startListings } from './search-databases.js';
import { laterPage, type Recording, recordSearches } from './search-recording.js';
import { type Measurement, printReport, type Summary, summarize } from './search-report.js';
import { pathsOf, type Sample, SHAPES, type Shape } from './search-requests.js';

const HELP = `Searches generated listings (npm run load-data) through the gateway and through the floor, in alternation, and prints
the CPU time of each process per search, the ratio, and the growth from one number of listings to the next. The floor is a
bare Fastify server that runs the same statements and responds with the same bytes, behind a bare Fastify proxy.

  npm run bench:search [-- options]

  --sizes L         numbers of listings, separated by commas (default 10000,100000)
  --shapes L        only the searches whose names contain one of these texts, separated by commas
  --paths N         different searches of each shape (default 20)
  --requests N      searches per measurement (default 200)
  --rounds N        measurements of each subject (default 3)
  --connections N   concurrent requests (default 2)
  --data-dir DIR    keep the databases in DIR, and use those of an earlier run
  --profile DIR     write CPU profiles of gateway and listings to DIR (node --cpu-prof)
  --json            print JSON instead of tables
  --help            print this help

Each search is built around a listing that it must find. The benchmark ends with an error if a response is an error, has no
hits or differs from the first response of the same search. Compare ratios, not milliseconds.`;

const values = parseOptions(HELP, {
  sizes: { type: 'string', default: '10000,100000' },
  shapes: { type: 'string', default: '' },
  paths: { type: 'string', default: '20' },
  requests: { type: 'string', default: '200' },
  rounds: { type: 'string', default: '3' },
  connections: { type: 'string', default: '2' },
  'data-dir': { type: 'string' },
  profile: { type: 'string' },
});
const sizes = values.sizes.split(',').map((text) => parsePositive('sizes', text));
const pathCount = parsePositive('paths', values.paths);
const requests = parsePositive('requests', values.requests);
const rounds = parsePositive('rounds', values.rounds);
const connections = parsePositive('connections', values.connections);
const shapes = SHAPES.filter(({ name }) => values.shapes.split(',').some((text) => name.includes(text)));
const out = new Output(values.json === true);

interface Subject {
  name: 'app' | 'floor';
  url: string;
  watched: Watched;
}

out.progress('starting PostgreSQL and Redis');
const environment = await BenchEnvironment.start({ postgresDir: values['data-dir'] });
await environment.logParameters();
const documents = await serveReleasedDocuments(['identity', 'bookings', 'payments', 'reviews']);
process.once('SIGINT', () => void environment.stop().finally(() => process.exit(130)));
try {
  const results: Summary[] = [];
  for (const size of sizes) results.push(...(await measureSize(size)));
  printReport(out, results);
} finally {
  await environment.stop();
  documents.close();
}

async function measureSize(size: number): Promise<Summary[]> {
  const database = databaseOf(size);
  out.progress(`filling the database with ${size} listings, unless it has them`);
  await fillDatabase(environment, size);
  const profile = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const listings = await startListings(environment, database, profile);
  const samples = await readSamples(environment, size);
  out.progress(`${size} listings: recording the searches`);
  const recorded = await recordShapes(listings, samples);

  const gateway = await environment.run(
    'apps/gateway/src/main.ts',
    environment.env({
      ...documents.env,
      LISTINGS_URL: listings.url,
      METRICS_PORT: '0',
      RATE_LIMIT_PER_MINUTE: '1000000',
    }),
    { readyPath: '/health/ready', node: profile },
  );
  const file = join(environment.folder, 'recordings.json');
  writeFileSync(file, JSON.stringify([...recorded.values()].flat()));
  const server = await environment.run(
    'tools/src/bench/floor/search.ts',
    { DATABASE_URL: environment.postgres.url(database), RECORDINGS: file },
    { readyPath: '/ready' },
  );
  const proxy = await environment.run(
    'tools/src/bench/floor/proxy.ts',
    { UPSTREAM: server.url },
    { readyPath: '/ready' },
  );
  const backends = (application: string) => () => environment.backendPids(database, application);
  const pid = (service: Service) => () => [service.pid];
  const app: Subject = {
    name: 'app',
    url: gateway.url,
    watched: { gateway: pid(gateway), listings: pid(listings), postgres: backends('roost-listings') },
  };
  const floor: Subject = {
    name: 'floor',
    url: proxy.url,
    watched: { proxy: pid(proxy), server: pid(server), postgres: backends('floor') },
  };
  try {
    const results: Summary[] = [];
    for (const [shape, recordings] of recorded) {
      for (const subject of [app, floor]) await measure(subject, recordings, 3 * recordings.length);
      const measured = await measureInRounds([app, floor], rounds, async (subject, round) => {
        out.progress(`${size}, ${shape.name}, round ${round + 1} of ${rounds}: ${subject.name}`);
        return measure(subject, recordings, requests);
      });
      results.push(
        summarize(
          { listings: size, shape: shape.name, paths: recordings.length },
          { app: measured.get(app) ?? [], floor: measured.get(floor) ?? [] },
        ),
      );
    }
    return results;
  } finally {
    for (const service of [gateway, listings, proxy, server]) await environment.stopService(service);
  }
}

async function recordShapes(listings: Service, samples: readonly Sample[]): Promise<Map<Shape, Recording[]>> {
  const recorded = new Map<Shape, Recording[]>();
  for (const shape of shapes) {
    const first = pathsOf(shape, samples, pathCount);
    const paths = shape.pagesBefore ? await pagesAfter(listings, first, shape.pagesBefore) : first;
    if (paths.length === 0) throw new Error(`no listing of the sample suits "${shape.name}"`);
    recorded.set(shape, await recordSearches(environment, listings, paths));
  }
  return recorded;
}

async function pagesAfter(
  listings: Service,
  paths: readonly string[],
  pagesBefore: number,
): Promise<string[]> {
  const pages: string[] = [];
  for (const path of paths) {
    const page = await laterPage(listings, path, pagesBefore);
    if (page !== null) pages.push(page);
  }
  return pages;
}

async function measure(
  subject: Subject,
  recordings: readonly Recording[],
  count: number,
): Promise<Measurement> {
  const load = Array.from(
    { length: count },
    (_, number) => recordings[number % recordings.length] as Recording,
  );
  const meter = await CpuMeter.start(subject.watched);
  const expected = new Set(recordings.map(({ body }) => body));
  const result = await sendLoad(
    subject.url,
    connections,
    load.map(({ path }) => ({ method: 'GET' as const, path })),
    (status, body) => {
      if (status !== 200) throw new Error(`${subject.name} responded with ${status}: ${body.slice(0, 500)}`);
      if (!expected.has(body))
        throw new Error(`${subject.name} responded with another page: ${body.slice(0, 500)}`);
    },
  );
  return {
    requests: result.requests,
    perSecond: result.requests / result.seconds,
    millis: result.millis,
    used: await meter.read(),
  };
}
