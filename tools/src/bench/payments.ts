import { createHmac, randomUUID } from 'node:crypto';
import { Output } from '../cli/command.js';
import { BenchEnvironment, type Service } from './harness/bench-environment.js';
import { type CpuMillis, CpuMeter, total, type Watched } from './harness/cpu.js';
import { type LoadRequest, sendLoad } from './harness/load.js';
import { parseOptions, parsePositive } from './harness/options.js';
import { measureInRounds, median } from './harness/rounds.js';
import { orderWork } from './harness/work-server.js';
import { WEBHOOK_SECRET } from './payments-data.js';

const HELP = `Measures two things of payments beside their floors, in alternation in the same run, and prints throughput, CPU-ms per
request and the ratios.

  postings   a capture with four movements through the ledger, in a transaction, beside the bare INSERT of the same rows
             by "pg" (one prepared statement, account ids known)
  webhooks   POST /v1/webhooks/sandbox (verify, encrypt, store, acknowledge) of a type that payments ignores, so that no
             work follows, beside a bare Fastify that verifies the same signature and inserts the same row

  npm run bench:payments [-- options]

  --requests N      postings or webhooks per measurement (default 2000)
  --rounds N        measurements of each subject (default 5)
  --lanes L         how many run at once, separated by commas (default 1,8)
  --json            print JSON instead of a table
  --help            print this help

"speed" is the throughput of Roost divided by that of its floor (higher is better; the goal of postings is 0.5), "CPU" the
CPU time of Roost divided by that of its floor (lower is better). Compare ratios, not milliseconds.`;

const values = parseOptions(HELP, {
  requests: { type: 'string', default: '2000' },
  rounds: { type: 'string', default: '5' },
  lanes: { type: 'string', default: '1,8' },
});
const requests = parsePositive('requests', values.requests);
const rounds = parsePositive('rounds', values.rounds);
const laneCounts = values.lanes.split(',').map((text) => parsePositive('lanes', text));
const out = new Output(values.json === true);
const WARM_UP = 1_000;

interface Subject {
  name: 'app' | 'floor';
  service: Service;
  database: string;
}

interface Measurement {
  perSecond: number;
  /** CPU-ms per request. */
  cpu: CpuMillis;
}

type Measure = (subject: Subject, count: number, lanes: number) => Promise<Measurement>;

out.progress('starting PostgreSQL, Redis and payments');
const environment = await BenchEnvironment.start();
process.once('SIGINT', () => void environment.stop().finally(() => process.exit(130)));
try {
  await run();
} finally {
  await environment.stop();
}

async function run(): Promise<void> {
  const app = (file: string, readyPath: string, database: string) =>
    environment.run(
      file,
      environment.env({
        DATABASE_URL: environment.postgres.url(database),
        SANDBOX_URL: 'http://127.0.0.1:9',
        SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
      }),
      { readyPath },
    );
  const floor = (file: string, database: string) =>
    environment.run(
      file,
      { DATABASE_URL: environment.postgres.url(database), SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET },
      { readyPath: '/ready' },
    );
  // The first start creates the tables. A database can only be copied without connections.
  await environment.stopService(await app('apps/payments/src/main.ts', '/health/ready', 'roost_payments'));
  await environment.sql('postgres', 'CREATE DATABASE roost_floor TEMPLATE roost_payments');

  const results: object[] = [];
  const compare = async (what: string, appService: Service, floorService: Service, measure: Measure) => {
    const subjects: Subject[] = [
      { name: 'app', service: appService, database: 'roost_payments' },
      { name: 'floor', service: floorService, database: 'roost_floor' },
    ];
    for (const subject of subjects) await measure(subject, WARM_UP, 8);
    for (const lanes of laneCounts) {
      const measured = await measureInRounds(subjects, rounds, async (subject, round) => {
        out.progress(`${what}, ${lanes} at once, round ${round + 1} of ${rounds}: ${subject.name}`);
        return measure(subject, requests, lanes);
      });
      const [ofApp = [], ofFloor = []] = subjects.map((subject) => measured.get(subject));
      results.push(summarize(what, lanes, ofApp, ofFloor));
    }
    for (const { service } of subjects) await environment.stopService(service);
  };

  await compare(
    'postings',
    await app('tools/src/bench/payments-postings.ts', '/ready', 'roost_payments'),
    await floor('tools/src/bench/floor/payments-postings.ts', 'roost_floor'),
    measurePostings,
  );
  await compare(
    'webhooks',
    await app('apps/payments/src/main.ts', '/health/ready', 'roost_payments'),
    await floor('tools/src/bench/floor/payments-webhooks.ts', 'roost_floor'),
    measureWebhooks,
  );
  await compareMovements();
  out.result(results, results as Parameters<Output['result']>[1]);
}

function watchedOf({ service, database }: Subject): Watched {
  return { process: () => [service.pid], postgres: () => environment.backendPids(database) };
}

function perRequest(used: CpuMillis, count: number): CpuMillis {
  return Object.fromEntries(Object.entries(used).map(([name, millis]) => [name, millis / count]));
}

async function measurePostings(subject: Subject, count: number, lanes: number): Promise<Measurement> {
  const meter = await CpuMeter.start(watchedOf(subject));
  const { seconds } = await orderWork(subject.service.url, { count, lanes });
  return { perSecond: count / seconds, cpu: perRequest(await meter.read(), count) };
}

async function measureWebhooks(subject: Subject, count: number, lanes: number): Promise<Measurement> {
  const load = Array.from({ length: count }, aWebhook);
  const meter = await CpuMeter.start(watchedOf(subject));
  const { seconds } = await sendLoad(subject.service.url, lanes, load, (status, body) => {
    if (status !== 200) throw new Error(`${subject.name} responded with ${status}: ${body.slice(0, 300)}`);
  });
  return { perSecond: count / seconds, cpu: perRequest(await meter.read(), count) };
}

/** A webhook as the sandbox sends it, of an unknown type. */
function aWebhook(): LoadRequest {
  const intent = { id: `pi_${randomUUID()}`, status: 'succeeded', amountMinor: 27_280, currency: 'USD' };
  const data = { intent: { ...intent, metadata: { paymentId: randomUUID(), bookingId: randomUUID() } } };
  const body = JSON.stringify({
    id: `evt_${randomUUID()}`,
    type: 'bench.captured',
    createdAt: new Date(),
    data,
  });
  const t = Math.floor(Date.now() / 1_000);
  const v1 = createHmac('sha256', WEBHOOK_SECRET).update(`${t}.${body}`).digest('hex');
  return {
    method: 'POST',
    path: '/v1/webhooks/sandbox',
    headers: { 'content-type': 'application/json', 'sandbox-signature': `t=${t},v1=${v1}` },
    body,
  };
}

/** Both subjects have written the same movements. */
async function compareMovements(): Promise<void> {
  const sums = await Promise.all(
    ['roost_payments', 'roost_floor'].map((database) =>
      environment.sql<{ sum: string }>(
        database,
        `SELECT concat_ws(' ', count(*), sum(amount_minor), count(DISTINCT key), count(DISTINCT debit_id)) AS sum FROM movement`,
      ),
    ),
  );
  const [app, floor] = sums.map(([row]) => row?.sum);
  if (app !== floor) throw new Error(`The movements differ: app ${app}, floor ${floor}`);
}

function summarize(
  what: string,
  lanes: number,
  app: readonly Measurement[],
  floor: readonly Measurement[],
): object {
  const speeds = app.map(({ perSecond }, round) => perSecond / (floor[round]?.perSecond ?? Number.NaN));
  const cpuOf = (measurements: readonly Measurement[], name: string) =>
    median(measurements.map(({ cpu }) => cpu[name] ?? 0)).toFixed(3);
  const ratio = (valueOf: (measurement: Measurement) => number) =>
    (median(app.map(valueOf)) / median(floor.map(valueOf))).toFixed(2);
  return {
    what,
    lanes,
    'app/s': Math.round(median(app.map(({ perSecond }) => perSecond))),
    'floor/s': Math.round(median(floor.map(({ perSecond }) => perSecond))),
    speed: median(speeds).toFixed(2),
    rounds: speeds.map((one) => one.toFixed(2)).join(' '),
    'app ms': cpuOf(app, 'process'),
    'app postgres ms': cpuOf(app, 'postgres'),
    'floor ms': cpuOf(floor, 'process'),
    'floor postgres ms': cpuOf(floor, 'postgres'),
    CPU: ratio(({ cpu }) => total(cpu)),
  };
}
