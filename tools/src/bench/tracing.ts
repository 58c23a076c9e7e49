import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Tracing } from '@roost/tracing';
import { Output } from '../cli/command.js';
import { DIRTY_CALENDARS, fillListings, fillQuotes } from './booking-data.js';
import { CpuMeter, total, type Watched } from './harness/cpu.js';
import { serveReleasedDocuments } from './harness/released-documents.js';
import { type LoadRequest, sendLoad } from './harness/load.js';
import { parseOptions, parsePositive } from './harness/options.js';
import { BenchEnvironment } from './harness/bench-environment.js';
import { measureInRounds, median } from './harness/rounds.js';

const HELP = `Measures the cost of tracing: the same requests through gateway and bookings without a collector, with a collector and
no sampled trace, and with all traces sampled. Prints CPU-ms per request of the two processes, the ratio to tracing off in
the same round (median, lowest and highest of the rounds), and the cost of the tracing code while tracing is off.

  npm run bench:tracing [-- options]

  --requests N      requests per measurement (default 1500)
  --rounds N        measurements of each configuration (default 3)
  --json            print JSON instead of a table
  --help            print this help

"read" lists bookings (3 spans); "book" creates a booking (5 spans, and the work after the response). Compare ratios, not
milliseconds. A ratio whose lowest and highest values are on both sides of 1 is not significant.`;

const values = parseOptions(HELP, {
  requests: { type: 'string', default: '1500' },
  rounds: { type: 'string', default: '3' },
});
const requests = parsePositive('requests', values.requests);
const rounds = parsePositive('rounds', values.rounds);
const out = new Output(values.json === true);
const CONNECTIONS = 8;
const SPANS = { read: 3, book: 5 };

let receivedBytes = 0;
const collector = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => (receivedBytes += chunk.length)).on('end', () => response.end());
});
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const subjects: { name: string; env: Record<string, string> }[] = [
  { name: 'off', env: {} },
  { name: 'none sampled', env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: '0' } },
  { name: 'all sampled', env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } },
];

const environment = await BenchEnvironment.start();
const documents = await serveReleasedDocuments(['identity', 'listings', 'payments', 'reviews']);
process.once('SIGINT', () => void environment.stop().finally(() => process.exit(130)));
try {
  await run();
} finally {
  await environment.stop();
  documents.close();
  collector.close();
}

async function run(): Promise<void> {
  const guests = Array.from({ length: 32 }, () => environment.signedIn());
  const startBookings = (env: Record<string, string> = {}) =>
    environment.run(
      'apps/bookings/src/main.ts',
      environment.env({ DATABASE_URL: environment.postgres.url('roost_bookings'), ...env }),
      { readyPath: '/health/ready' },
    );
  const first = await startBookings();
  await fillListings(environment);
  const quotes = await fillQuotes(environment, first, guests, {
    low: subjects.length * (rounds + 1) * requests,
    hot: 1,
    hotRequests: 1,
  });
  await environment.stopService(first);
  const running: { name: string; url: string; watched: Watched }[] = [];
  for (const { name, env } of subjects) {
    const bookings = await startBookings(env);
    const gateway = await environment.run(
      'apps/gateway/src/main.ts',
      environment.env({
        ...documents.env,
        BOOKINGS_URL: bookings.url,
        METRICS_PORT: '0',
        RATE_LIMIT_PER_MINUTE: '1000000',
        ...env,
      }),
      { readyPath: '/health/ready' },
    );
    const watched: Watched = { gateway: () => [gateway.pid], bookings: () => [bookings.pid] };
    running.push({ name, url: gateway.url, watched });
  }
  const loads: Record<keyof typeof SPANS, () => LoadRequest[]> = {
    read: () =>
      Array.from({ length: requests }, (_, n) => ({
        method: 'GET' as const,
        path: '/v1/me/bookings',
        headers: guests[n % guests.length]?.headers ?? {},
      })),
    book: () =>
      quotes.low.splice(0, requests).map(({ quoteId, guest }) => ({
        method: 'POST' as const,
        path: '/v1/bookings',
        headers: { ...guest.headers, 'content-type': 'application/json' },
        body: JSON.stringify({ quoteId }),
      })),
  };
  const disabledSpanMillis = await cpuMillisOfDisabledSpan();
  const results = [];
  for (const work of ['read', 'book'] as const) {
    const measure = async ({ name, url, watched }: (typeof running)[number]) => {
      out.progress(`${work}, ${name}`);
      const meter = await CpuMeter.start(watched);
      await sendLoad(url, CONNECTIONS, loads[work](), (status, body) => {
        if (status >= 300) throw new Error(`${name} responded with ${status}: ${body.slice(0, 300)}`);
      });
      await environment.waitUntilEmpty('roost_bookings', DIRTY_CALENDARS);
      return total(await meter.read()) / requests;
    };
    for (const configuration of running) await measure(configuration);
    const measured = new Map(
      [...(await measureInRounds(running, rounds, measure))].map(([{ name }, values]) => [name, values]),
    );
    const off = measured.get('off') ?? [];
    for (const [name, cpuMillis] of measured) {
      const ratios = cpuMillis.map((value, round) => value / (off[round] ?? Number.NaN));
      const [ratio, lowest, highest] = [median(ratios), Math.min(...ratios), Math.max(...ratios)];
      results.push({ work, tracing: name, cpuMillis: median(cpuMillis), ratio, lowest, highest });
    }
    const withoutSpans = median(off) - SPANS[work] * disabledSpanMillis;
    const ratio = withoutSpans / median(off);
    const computed = { lowest: ratio, highest: ratio };
    results.push({
      work,
      tracing: 'not in the code (computed)',
      cpuMillis: withoutSpans,
      ratio,
      ...computed,
    });
  }
  if (receivedBytes === 0) throw new Error('the collector has received no span');
  out.result(
    { rows: results, spanOffNanos: disabledSpanMillis * 1e6 },
    results.map(({ work, tracing, cpuMillis, ratio, lowest, highest }) => ({
      ...{ work, tracing, 'CPU-ms': cpuMillis.toFixed(2) },
      ...{ ratio: ratio.toFixed(3), lowest: lowest.toFixed(2), highest: highest.toFixed(2) },
    })),
  );
}

/** CPU-ms of one span while tracing is off: the difference to the same work without a span. */
async function cpuMillisOfDisabledSpan(): Promise<number> {
  const count = 200_000;
  const work = async () => undefined;
  const cpuMillisPerCall = async (call: () => Promise<unknown>): Promise<number> => {
    const usageAtStart = process.cpuUsage();
    for (let n = 0; n < count; n += 1) await call();
    const { user, system } = process.cpuUsage(usageAtStart);
    return (user + system) / 1000 / count;
  };
  const subjects = [work, () => Tracing.off.run('span', { attributes: { 'roost.tries': 1 } }, work)];
  const measured = [...(await measureInRounds(subjects, 5, cpuMillisPerCall)).values()].map((values) =>
    Math.min(...values),
  );
  const [withoutSpan = 0, withSpan = 0] = measured;
  return Math.max(0, withSpan - withoutSpan);
}
