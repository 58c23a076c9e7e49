import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Output } from '../cli/command.js';
import { fillListings, fillQuotes } from './booking.data.js';
import { CpuMeter, total, type Watched } from './harness/cpu.js';
import { serveDocuments } from './harness/documents.js';
import { drive, type LoadRequest } from './harness/load.js';
import { optionsOf, positive } from './harness/options.js';
import { Stage } from './harness/stage.js';
import { inTurns, median } from './harness/turns.js';

const HELP = `What tracing costs: the same requests through gateway and bookings, without a collector, with one and no trace
kept, and with every trace kept, in turns. Prints CPU-ms per request of the two processes, and the ratio to tracing off.

  npm run bench:tracing [-- options]

  --requests N      requests per turn (default 1500)
  --rounds N        turns of each (default 3)
  --json            print JSON instead of a table
  --help            this text

"read" is a list of bookings (3 spans), "book" makes one (5 spans and what follows it). Trust ratios, not milliseconds.`;

const values = optionsOf(HELP, {
  requests: { type: 'string', default: '1500' },
  rounds: { type: 'string', default: '3' },
});
const requests = positive('requests', values.requests);
const rounds = positive('rounds', values.rounds);
const out = new Output(values.json === true);
const CONNECTIONS = 8;

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
  const loads: Record<string, () => LoadRequest[]> = {
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
  const rows = [];
  for (const [work, load] of Object.entries(loads)) {
    const turn = async ({ name, url, watched }: (typeof running)[number]) => {
      out.progress(`${work}, ${name}`);
      const meter = await CpuMeter.start(watched);
      await drive(url, CONNECTIONS, load(), (status, body) => {
        if (status >= 300) throw new Error(`${name} answered ${status}: ${body.slice(0, 300)}`);
      });
      await stage.untilNone('roost_bookings', 'SELECT FROM calendar_mark');
      return total(await meter.read()) / requests;
    };
    for (const one of running) await turn(one);
    const measured = await inTurns(running, rounds, turn);
    const millis = new Map([...measured].map(([{ name }, turns]) => [name, median(turns)]));
    const off = millis.get('off') ?? Number.NaN;
    for (const [name, each] of millis) {
      rows.push({ work, tracing: name, 'CPU-ms': each.toFixed(2), ratio: (each / off).toFixed(2) });
    }
  }
  if (sent === 0) throw new Error('no span has reached the collector');
  out.result({ rows }, rows);
}
