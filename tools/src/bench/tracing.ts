import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Tracing } from '@roost/tracing';
import { Output } from '../cli/command.js';
import { fillListings, fillQuotes } from './booking.data.js';
import { CpuMeter, total, type Watched } from './harness/cpu.js';
import { serveDocuments } from './harness/documents.js';
import { drive, type LoadRequest } from './harness/load.js';
import { optionsOf, positive } from './harness/options.js';
import { Stage } from './harness/stage.js';
import { inTurns, median } from './harness/turns.js';

const HELP = `What tracing costs: the same requests through gateway and bookings, without a collector, with one and no trace
kept, and with every trace kept, in turns. Prints CPU-ms per request of the two processes, the ratio to tracing off in the
same round (the median of the rounds, and its lowest and highest), and what is left in the code where tracing is off.

  npm run bench:tracing [-- options]

  --requests N      requests per turn (default 1500)
  --rounds N        turns of each (default 3)
  --json            print JSON instead of a table
  --help            this text

"read" is a list of bookings (3 spans), "book" makes one (5 spans and what follows it). Trust ratios, not milliseconds, and no ratio
whose lowest and highest lie on both sides of 1.`;

const values = optionsOf(HELP, {
  requests: { type: 'string', default: '1500' },
  rounds: { type: 'string', default: '3' },
});
const requests = positive('requests', values.requests);
const rounds = positive('rounds', values.rounds);
const out = new Output(values.json === true);
const CONNECTIONS = 8;
const SPANS = { read: 3, book: 5 };

let sent = 0;
const collector = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => (sent += chunk.length)).on('end', () => response.end());
});
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const subjects: { name: string; env: Record<string, string> }[] = [
  { name: 'off', env: {} },
  { name: 'none kept', env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: '0' } },
  { name: 'all kept', env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } },
];

const stage = await Stage.set();
const documents = await serveDocuments(['identity', 'listings', 'payments', 'reviews']);
process.once('SIGINT', () => void stage.strike().finally(() => process.exit(130)));
try {
  await run();
} finally {
  await stage.strike();
  documents.close();
  collector.close();
}

async function run(): Promise<void> {
  const guests = Array.from({ length: 32 }, () => stage.signedIn());
  const startBookings = (env: Record<string, string> = {}) =>
    stage.run(
      'apps/bookings/src/main.ts',
      stage.env({ DATABASE_URL: stage.postgres.url('roost_bookings'), ...env }),
      { readyPath: '/health/ready' },
    );
  const first = await startBookings();
  await fillListings(stage);
  const quotes = await fillQuotes(stage, first, guests, {
    low: subjects.length * (rounds + 1) * requests,
    hot: 1,
    hotRequests: 1,
  });
  await stage.end(first);
  const running: { name: string; url: string; watched: Watched }[] = [];
  for (const { name, env } of subjects) {
    const bookings = await startBookings(env);
    const gateway = await stage.run(
      'apps/gateway/src/main.ts',
      stage.env({
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
  const spanOffMs = await millisOfSpanThatIsOff();
  const results = [];
  for (const work of ['read', 'book'] as const) {
    const turn = async ({ name, url, watched }: (typeof running)[number]) => {
      out.progress(`${work}, ${name}`);
      const meter = await CpuMeter.start(watched);
      await drive(url, CONNECTIONS, loads[work](), (status, body) => {
        if (status >= 300) throw new Error(`${name} answered ${status}: ${body.slice(0, 300)}`);
      });
      await stage.untilNone('roost_bookings', 'SELECT FROM calendar_mark');
      return total(await meter.read()) / requests;
    };
    for (const one of running) await turn(one);
    const measured = new Map(
      [...(await inTurns(running, rounds, turn))].map(([{ name }, turns]) => [name, turns]),
    );
    const off = measured.get('off') ?? [];
    for (const [name, turns] of measured) {
      const ratios = turns.map((each, round) => each / (off[round] ?? Number.NaN));
      const [ratio, lowest, highest] = [median(ratios), Math.min(...ratios), Math.max(...ratios)];
      results.push({ work, tracing: name, cpuMillis: median(turns), ratio, lowest, highest });
    }
    const without = median(off) - SPANS[work] * spanOffMs;
    const ratio = without / median(off);
    const computed = { lowest: ratio, highest: ratio };
    results.push({ work, tracing: 'not in the code (computed)', cpuMillis: without, ratio, ...computed });
  }
  if (sent === 0) throw new Error('no span has reached the collector');
  out.result(
    { rows: results, spanOffNanos: spanOffMs * 1e6 },
    results.map(({ work, tracing, cpuMillis, ratio, lowest, highest }) => ({
      ...{ work, tracing, 'CPU-ms': cpuMillis.toFixed(2) },
      ...{ ratio: ratio.toFixed(3), lowest: lowest.toFixed(2), highest: highest.toFixed(2) },
    })),
  );
}

/** What is left of a span in a service that is not traced, beside the same work without one. */
async function millisOfSpanThatIsOff(): Promise<number> {
  const count = 200_000;
  const work = async () => undefined;
  const spent = async (once: () => Promise<unknown>): Promise<number> => {
    const from = process.cpuUsage();
    for (let n = 0; n < count; n += 1) await once();
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000 / count;
  };
  const subjects = [work, () => Tracing.off.run('span', { attributes: { 'roost.tries': 1 } }, work)];
  const measured = [...(await inTurns(subjects, 5, spent)).values()].map((turns) => Math.min(...turns));
  const [bare = 0, inSpan = 0] = measured;
  return Math.max(0, inSpan - bare);
}
