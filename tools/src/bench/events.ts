import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startKafka, startPostgres } from '@roost/embedded';
import { applyTopics, kafkaClient } from '@roost/messaging';
import pg from 'pg';
import { measureRelay } from './events-relay.js';
import { cpuMillisOf } from './harness/cpu.js';
import { LineProcess } from './harness/line-process.js';
import { parseOptions, parsePositive } from './harness/options.js';

const HELP = `Measures the latency of events and the throughput of the relay, and compares both with the floor.

  npm run bench:events -- [options]

  --events <n>        events per measurement of the latency (default 300)
  --every <ms>        interval between two events in milliseconds (default 20)
  --rounds <n>        measurements of each subject (default 3)
  --relayed <n>       events per measurement of the relay (default 20000)
  --idle <seconds>    duration of the measurement of idle processes (default 30)
  --json              print JSON instead of text
  -h, --help          print this help

The benchmark starts Kafka, unless KAFKA_BROKERS is set.`;

const options = parseOptions(HELP, {
  events: { type: 'string', default: '300' },
  every: { type: 'string', default: '20' },
  rounds: { type: 'string', default: '3' },
  relayed: { type: 'string', default: '20000' },
  idle: { type: 'string', default: '30' },
});
const EVENTS = parsePositive('events', options.events);
const EVERY_MS = parsePositive('every', options.every);
const ROUNDS = parsePositive('rounds', options.rounds);
const RELAYED = parsePositive('relayed', options.relayed);
const IDLE_SECONDS = parsePositive('idle', options.idle);
/** About the size of a booking event. */
const VALUE = JSON.stringify({ text: 'x'.repeat(250) });

const order = (count: number) => ({ count, everyMs: EVERY_MS, value: VALUE });
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

  progress(`latency: ${ROUNDS} rounds of ${EVENTS} events, one per ${EVERY_MS} ms`);
  const env = { BROKERS: brokers, PREFIX: prefix };
  const startService = (mode: string) =>
    LineProcess.start('events-service.ts', {
      ...env,
      MODE: mode,
      BOOKINGS_URL: postgres.url(mode === 'embedded' ? 'roost_bookings' : 'roost_listings'),
      IDENTITY_URL: postgres.url(mode === 'embedded' ? 'roost_identity' : 'roost_reviews'),
    });
  const [embedded, consumer, producer, floor, floorWithInbox] = await Promise.all([
    startService('embedded'),
    startService('consumer'),
    startService('producer'),
    LineProcess.start('floor/events.ts', { BROKERS: brokers, TOPIC: `${prefix}payments.payout` }),
    LineProcess.start('floor/events.ts', {
      BROKERS: brokers,
      TOPIC: `${prefix}reviews.review`,
      DATABASE_URL: await createDatabase('floor'),
    }),
  ]);
  await Promise.all([
    embedded.publish(order(30)),
    producer.publish(order(30), consumer),
    floor.publish(order(30)),
    floorWithInbox.publish(order(30)),
  ]);
  const millis: Record<'embedded' | 'kafka' | 'floor' | 'floorWithInbox', number[]> = {
    embedded: [],
    kafka: [],
    floor: [],
    floorWithInbox: [],
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    millis.floor.push(...(await floor.publish(order(EVENTS))));
    millis.floorWithInbox.push(...(await floorWithInbox.publish(order(EVENTS))));
    millis.kafka.push(...(await producer.publish(order(EVENTS), consumer)));
    millis.embedded.push(...(await embedded.publish(order(EVENTS))));
    progress(`round ${round} of ${ROUNDS}`);
  }

  progress(`idle: ${IDLE_SECONDS} s of idle services and of bare kafkajs`);
  const cpu = () => [consumer, producer, floor].map(({ pid }) => cpuMillisOf(pid) ?? 0);
  const before = cpu();
  await pause(IDLE_SECONDS * 1000);
  const [idleConsumer = 0, idleProducer = 0, idleFloor = 0] = cpu().map(
    (after, index) => ((after - (before[index] ?? 0)) * 60) / IDLE_SECONDS,
  );
  await Promise.all([embedded, consumer, producer, floor, floorWithInbox].map((one) => one.stop()));

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
    bareWithInbox: percentiles(millis.floorWithInbox),
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
  console.log(options.json ? JSON.stringify(result, null, 2) : formatResult(result));
} finally {
  await Promise.all([postgres.stop(), kafka.stop()]);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function createDatabase(name: string): Promise<string> {
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

function formatResult(result: {
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
    'commit → processed',
    `  embedded                       ${ms(latency.embedded)}   (goal: p95 ≤ 15 ms)`,
    `  Kafka                          ${ms(latency.kafka)}`,
    `  bare kafkajs produce → consume ${ms(latency.bareKafkajs)}`,
    `  Kafka / bare                   p50 ${result.kafkaP50ByFloor.toFixed(2)}×   p95 ${result.kafkaP95ByFloor.toFixed(2)}×   (goal: p95 ≤ 1.5×)`,
    `  bare kafkajs with an inbox row ${ms(latency.bareWithInbox)}`,
    `  Kafka / bare with an inbox row p50 ${result.kafkaP50ByInboxFloor.toFixed(2)}×   p95 ${result.kafkaP95ByInboxFloor.toFixed(2)}×`,
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
