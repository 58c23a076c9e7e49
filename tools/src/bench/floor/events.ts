/** The floor of bench:events: bare kafkajs as its documentation shows it, produce → consume, and nothing else. */
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

const { BROKERS = '', TOPIC = '' } = process.env;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
/** The clock that all processes of a machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

const kafka = new Kafka({ clientId: 'floor', brokers: BROKERS.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ allowAutoTopicCreation: false });
const consumer = kafka.consumer({ groupId: `${TOPIC}.floor` });
await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
const joined = new Promise<void>((resolve) => {
  consumer.on(consumer.events.GROUP_JOIN, () => resolve());
});
await consumer.run({
  eachMessage: async ({ message }) => say({ handled: message.key?.toString(), at: now() }),
});
await joined;

createInterface({ input: process.stdin }).on('line', (line) => {
  const { count, everyMs, value } = JSON.parse(line) as { count: number; everyMs: number; value: string };
  void (async () => {
    const begin = performance.now();
    for (let number = 0; number < count; number += 1) {
      await pause(Math.max(0, begin + number * everyMs - performance.now()));
      const key = randomUUID();
      say({ committed: key, at: now() });
      await producer.send({ topic: TOPIC, messages: [{ key, value }] });
    }
  })();
});
process.stdin.on('end', () => process.exit(0)).resume();
say({ ready: true });
