import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startKafka, startPostgres } from '@roost/embedded';
import { applyTopics, kafkaClient } from '@roost/messaging';
import pg from 'pg';
import { measureRelay } from './events.relay.js';
import { cpuMillisOf } from './harness/cpu.js';
import { optionsOf, positive } from './harness/options.js';

const HELP = `How long an event takes and how many the relay carries, beside the least that does the same.

  npm run bench:events -- [options]

  --events <n>        events per turn of the latency (default 300)
  --every <ms>        one each so many milliseconds (default 20)
  --rounds <n>        turns of each (default 3)
  --relayed <n>       events that the relay carries (default 20000)
  --idle <seconds>    how long an idle consumer is watched (default 30)
  --json              print JSON instead of text
  -h, --help          print this

Kafka is started for the benchmark, or is where KAFKA_BROKERS says.`;

const options = optionsOf(HELP, {
  events: { type: 'string', default: '300' },
  every: { type: 'string', default: '20' },
  rounds: { type: 'string', default: '3' },
  relayed: { type: 'string', default: '20000' },
  idle: { type: 'string', default: '30' },
});
const EVENTS = positive('events', options.events);
const EVERY_MS = positive('every', options.every);
const ROUNDS = positive('rounds', options.rounds);
const RELAYED = positive('relayed', options.relayed);
const IDLE_SECONDS = positive('idle', options.idle);
/** About what a booking weighs. */
const VALUE = JSON.stringify({ text: 'x'.repeat(250) });

interface Line {
  ready?: boolean;
  committed?: string;
  handled?: string;
  at: number;
}

/** A program of the benchmark that speaks lines of JSON. */
class Part {
  readonly #committed = new Map<string, number>();
  readonly #handled = new Map<string, number>();

  private constructor(
    private readonly child: ChildProcess,
    ready: () => void,
  ) {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if (line.ready) ready();
      if (line.committed) this.#committed.set(line.committed, line.at);
      if (line.handled) this.#handled.set(line.handled, line.at);
    });
  }

  static async start(file: string, env: Record<string, string>): Promise<Part> {
    const register = new URL('../../register.js', import.meta.url).href;
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@roost/source', '--import', register, path], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return new Promise((resolve, reject) => {
      const part: Part = new Part(child, () => resolve(part));
      child.once('exit', () => reject(new Error(`${file} ended before it was ready`)));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Milliseconds of each event from here (committed) to where it is handled. */
  async publish(count: number, handler: Part = this): Promise<number[]> {
    this.#committed.clear();
    handler.#handled.clear();
    this.child.stdin?.write(`${JSON.stringify({ count, everyMs: EVERY_MS, value: VALUE })}\n`);
    for (const deadline = performance.now() + 120_000; handler.#handled.size < count; await pause(50)) {
      if (performance.now() > deadline) throw new Error(`${handler.#handled.size} of ${count} came`);
    }
    await pause(100);
    return [...this.#committed].map(([id, at]) => (handler.#handled.get(id) ?? Infinity) - at);
  }

  async end(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.stdin?.end();
    await exit;
  }
}

const progress = (text: string) => console.error(`  ${text}`);
const folder = mkdtempSync(join(tmpdir(), 'roost-bench-'));
progress('starting PostgreSQL and Kafka');
const [postgres, kafka] = await Promise.all([
  startPostgres({ dataDir: join(folder, 'postgres') }),
  startKafka({
    dataDir: join(folder, 'kafka'),
    temporary: true,
    ...(process.env.KAFKA_BROKERS ? { brokers: process.env.KAFKA_BROKERS } : {}),
  }),
]);
try {
  const prefix = `bench-${process.pid}.`;
  const brokers = kafka.brokers;
  const client = kafkaClient({ brokers: brokers.split(','), clientId: 'bench' });
  await applyTopics(client, { prefix });

  progress(`latency: ${ROUNDS} rounds of ${EVENTS} events, one each ${EVERY_MS} ms`);
  const env = { BROKERS: brokers, PREFIX: prefix };
  const part = (mode: string) =>
    Part.start('./events.service.ts', {
      ...env,
      MODE: mode,
      BOOKINGS_URL: postgres.url(mode === 'embedded' ? 'roost_bookings' : 'roost_listings'),
      IDENTITY_URL: postgres.url(mode === 'embedded' ? 'roost_identity' : 'roost_reviews'),
    });
  const [embedded, consumer, producer, floor, remembering] = await Promise.all([
    part('embedded'),
    part('consumer'),
    part('producer'),
    Part.start('./floor/events.ts', { BROKERS: brokers, TOPIC: `${prefix}payments.payout` }),
    Part.start('./floor/events.ts', {
      BROKERS: brokers,
      TOPIC: `${prefix}reviews.review`,
      DATABASE_URL: await newDatabase('floor'),
    }),
  ]);
  await Promise.all([
    embedded.publish(30),
    producer.publish(30, consumer),
    floor.publish(30),
    remembering.publish(30),
  ]);
  const millis: Record<'embedded' | 'kafka' | 'floor' | 'remembering', number[]> = {
    embedded: [],
    kafka: [],
    floor: [],
    remembering: [],
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    millis.floor.push(...(await floor.publish(EVENTS)));
    millis.remembering.push(...(await remembering.publish(EVENTS)));
    millis.kafka.push(...(await producer.publish(EVENTS, consumer)));
    millis.embedded.push(...(await embedded.publish(EVENTS)));
    progress(`round ${round} of ${ROUNDS}`);
  }

  progress(`idle: ${IDLE_SECONDS} s of a consumer and of a bare one`);
  const cpu = () => [consumer, producer, floor].map(({ pid }) => cpuMillisOf(pid) ?? 0);
  const before = cpu();
  await pause(IDLE_SECONDS * 1000);
  const [idleConsumer = 0, idleProducer = 0, idleFloor = 0] = cpu().map(
    (after, index) => ((after - (before[index] ?? 0)) * 60) / IDLE_SECONDS,
  );
  await Promise.all([embedded, consumer, producer, floor, remembering].map((one) => one.end()));

  const relay = await measureRelay({
    url: postgres.url('roost_payments'),
    count: RELAYED,
    rounds: ROUNDS,
    kafka: { brokers, prefix },
    progress,
  });

  const latency = {
    embedded: percentiles(millis.embedded),
    kafka: percentiles(millis.kafka),
    bareKafkajs: percentiles(millis.floor),
    bareWithInbox: percentiles(millis.remembering),
  };
  const result = {
    latency,
    kafkaP95ByFloor: latency.kafka.p95 / latency.bareKafkajs.p95,
    kafkaP50ByFloor: latency.kafka.p50 / latency.bareKafkajs.p50,
    kafkaP95ByInboxFloor: latency.kafka.p95 / latency.bareWithInbox.p95,
    kafkaP50ByInboxFloor: latency.kafka.p50 / latency.bareWithInbox.p50,
    relay,
    idleCpuMillisPerMinute: { consumer: idleConsumer, producer: idleProducer, bareKafkajs: idleFloor },
  };
  console.log(options.json ? JSON.stringify(result, null, 2) : text(result));
} finally {
  await Promise.all([postgres.stop(), kafka.stop()]);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function newDatabase(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.url('postgres') });
  await client.connect();
  await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  await client.end();
  return postgres.url(name);
}

function percentiles(values: readonly number[]): { p50: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p95: at(0.95) };
}

function text(result: {
  latency: Record<'embedded' | 'kafka' | 'bareKafkajs' | 'bareWithInbox', { p50: number; p95: number }>;
  kafkaP95ByFloor: number;
  kafkaP50ByFloor: number;
  kafkaP95ByInboxFloor: number;
  kafkaP50ByInboxFloor: number;
  relay: Awaited<ReturnType<typeof measureRelay>>;
  idleCpuMillisPerMinute: { consumer: number; producer: number; bareKafkajs: number };
}): string {
  const ms = ({ p50, p95 }: { p50: number; p95: number }) =>
    `p50 ${p50.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms`;
  const rate = (perSecond: number) => `${Math.round(perSecond).toLocaleString('en').padStart(8)} events/s`;
  const { latency, relay, idleCpuMillisPerMinute: idle } = result;
  return [
    'commit → handled',
    `  embedded                       ${ms(latency.embedded)}   (goal: p95 ≤ 15 ms)`,
    `  Kafka                          ${ms(latency.kafka)}`,
    `  bare kafkajs produce → consume ${ms(latency.bareKafkajs)}`,
    `  Kafka / bare                   p50 ${result.kafkaP50ByFloor.toFixed(2)}×   p95 ${result.kafkaP95ByFloor.toFixed(2)}×   (goal: p95 ≤ 1.5×)`,
    `  the same, with an inbox row    ${ms(latency.bareWithInbox)}`,
    `  Kafka / that                   p50 ${result.kafkaP50ByInboxFloor.toFixed(2)}×   p95 ${result.kafkaP95ByInboxFloor.toFixed(2)}×`,
    'relay',
    `  relay alone                    ${rate(relay.relay)}`,
    `  bare ordered read              ${rate(relay.bareRead)}`,
    `  relay / read                   ${(relay.relay / relay.bareRead).toFixed(2)}×   (goal: ≥ 0.5×)`,
    `  relay to Kafka, acknowledged   ${rate(relay.toKafka)}`,
    `  bare kafkajs, acknowledged     ${rate(relay.bareSend)}`,
    `  relay to Kafka / bare          ${(relay.toKafka / relay.bareSend).toFixed(2)}×`,
    'idle, CPU-ms per minute',
    `  consumer and its service       ${idle.consumer.toFixed(0)}`,
    `  producer and its service       ${idle.producer.toFixed(0)}`,
    `  bare kafkajs, both             ${idle.bareKafkajs.toFixed(0)}`,
  ].join('\n');
}
