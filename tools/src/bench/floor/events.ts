/**
 * The floor of bench:events: a producer and a consumer with bare kafkajs, as in its documentation. With DATABASE_URL, the
 * consumer commits one transaction with an inbox row and a row of its own per event.
 */
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';

const { BROKERS = '', TOPIC = '', DATABASE_URL = '' } = process.env;
const writeLine = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
/** Milliseconds of the monotonic clock, which all processes of a machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

const apply = DATABASE_URL ? await withDatabase(DATABASE_URL) : null;
const kafka = new Kafka({ clientId: 'floor', brokers: BROKERS.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ allowAutoTopicCreation: false });
const consumer = kafka.consumer({ groupId: `${TOPIC}.floor` });
await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
const joined = new Promise<void>((resolve) => {
  consumer.on(consumer.events.GROUP_JOIN, () => resolve());
});
await consumer.run({
  eachMessage: async ({ message }) => {
    const id = message.key?.toString();
    await apply?.(id ?? '');
    writeLine({ handled: id, at: now() });
  },
});
await joined;

async function withDatabase(url: string): Promise<(id: string) => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE inbox (id uuid PRIMARY KEY); CREATE TABLE handled (id uuid PRIMARY KEY)');
  return async (id) => {
    await client.query('BEGIN');
    await client.query('INSERT INTO inbox VALUES ($1) ON CONFLICT DO NOTHING', [id]);
    await client.query('INSERT INTO handled VALUES ($1)', [id]);
    await client.query('COMMIT');
  };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { count, everyMs, value } = JSON.parse(line) as { count: number; everyMs: number; value: string };
  void (async () => {
    const startedAt = performance.now();
    for (let number = 0; number < count; number += 1) {
      await pause(Math.max(0, startedAt + number * everyMs - performance.now()));
      const key = randomUUID();
      writeLine({ committed: key, at: now() });
      await producer.send({ topic: TOPIC, messages: [{ key, value }] });
    }
  })();
});
process.stdin.on('end', () => process.exit(0)).resume();
writeLine({ ready: true });
