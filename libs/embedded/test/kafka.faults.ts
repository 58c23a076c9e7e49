import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, freshKafka, TestBroker } from '@roost/testing';
import { Kafka, logLevel } from 'kafkajs';
import { startKafka } from '../src/index.js';
import { hasEnded } from '../src/processes.js';
import { aFolder, cleanUp, hold, endHolder, occupied } from './holding.js';

afterEach(cleanUp);

const clientOf = (brokers: string) =>
  new Kafka({ clientId: 'spec', brokers: brokers.split(','), logLevel: logLevel.NOTHING });

async function createTopic(brokers: string, topic: string): Promise<void> {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  // `waitForLeaders` of kafkajs fails until the broker has the metadata of the topic.
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: false });
  await eventually(async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.partitions.map(({ leader }) => leader >= 0)).toEqual([true, true, true]);
  });
  await admin.disconnect();
}

async function send(brokers: string, topic: string, values: string[]): Promise<void> {
  const producer = clientOf(brokers).producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: values.map((value) => ({ key: 'one', value })) });
  await producer.disconnect();
}

/** The first `count` values of a topic, through a group of its own. */
async function read(brokers: string, topic: string, count: number): Promise<string[]> {
  const consumer = clientOf(brokers).consumer({ groupId: `${topic}.readers` });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    void consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value));
        if (values.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return values;
}

const pidOf = (dataDir: string) => Number(readFileSync(join(dataDir, 'kafka.pid'), 'utf8'));

test('the broker of the run stores and delivers events, and does not create topics automatically', async () => {
  const { brokers, prefix } = await freshKafka();
  await createTopic(brokers, `${prefix}notes`);
  await send(brokers, `${prefix}notes`, ['a', 'b', 'c']);
  expect(await read(brokers, `${prefix}notes`, 3)).toEqual(['a', 'b', 'c']);
  const producer = clientOf(brokers).producer({ retry: { retries: 1 } });
  await producer.connect();
  await expect(producer.send({ topic: `${prefix}nots`, messages: [{ value: 'a' }] })).rejects.toThrow(
    /does not host this topic-partition/,
  );
  await producer.disconnect();
});

test('acknowledged events survive kill -9, on the same port', async () => {
  const broker = await TestBroker.start();
  await createTopic(broker.brokers, 'notes');
  await send(broker.brokers, 'notes', ['before']);
  await broker.kill();
  await broker.restart();
  await send(broker.brokers, 'notes', ['after']);
  expect(await read(broker.brokers, 'notes', 2)).toEqual(['before', 'after']);
  await broker.close();
});

describe('a Kafka folder', () => {
  test('stores its topics over a restart, and its broker ends with stop()', async () => {
    const dataDir = aFolder();
    const first = await startKafka({ dataDir });
    await createTopic(first.brokers, 'notes');
    await send(first.brokers, 'notes', ['stored']);
    const pid = pidOf(dataDir);
    expect(first.pid).toBe(pid);
    await first.stop();
    expect(await hasEnded(pid, 0)).toBe(true);

    const second = await startKafka({ dataDir });
    expect(await read(second.brokers, 'notes', 1)).toEqual(['stored']);
    await expect(startKafka({ dataDir: aFolder(), brokers: second.brokers })).resolves.toMatchObject({
      brokers: second.brokers,
      port: null,
    });
    await second.stop();
  });

  test('is usable at once, on the same port, after kill -9 of the process that uses it', async () => {
    const dataDir = aFolder();
    const killed = await hold('kafka', dataDir);
    await createTopic(killed.url, 'notes');
    await send(killed.url, 'notes', ['stored']);
    const pid = pidOf(dataDir);
    await endHolder(killed, 'SIGKILL');
    const next = await hold('kafka', dataDir, { port: Number(killed.url.split(':')[1]) });
    expect(await hasEnded(pid, 0)).toBe(true);
    expect(await read(next.url, 'notes', 1)).toEqual(['stored']);
  });

  test('loses its broker soon after kill -9 of the process that uses it', async () => {
    const dataDir = aFolder();
    const killed = await hold('kafka', dataDir);
    const pid = pidOf(dataDir);
    await endHolder(killed, 'SIGKILL');
    expect(await hasEnded(pid, 30_000)).toBe(true);
  });

  test('has one owner', async () => {
    const dataDir = aFolder();
    const held = await hold('kafka', dataDir);
    await expect(startKafka({ dataDir })).rejects.toThrow(
      `is in use by process ${held.child.pid}: stop that one first`,
    );
  });

  test('is rejected with one sentence if its content is damaged', async () => {
    const dataDir = aFolder();
    await (await startKafka({ dataDir })).stop();
    const meta = join(dataDir, 'data', 'meta.properties');
    writeFileSync(meta, 'version=1\ncluster.id=of-another-cluster\nnode.id=7\n');
    await expect(startKafka({ dataDir })).rejects.toThrow(/^Kafka does not start on .*node ?id.*7/i);
    rmSync(meta);
    await expect(startKafka({ dataDir })).rejects.toThrow(/^The Kafka folder .* is broken: it has no meta/);
  });
});

test('reports a broker that ends unexpectedly', async () => {
  const broker = await startKafka({ dataDir: aFolder(), temporary: true });
  process.kill(broker.pid ?? 0, 'SIGKILL');
  await expect(broker.ended).resolves.toMatch(
    /^Kafka ended unexpectedly: it was ended by SIGKILL \(more in .*kafka\.log\)\.$/,
  );
  await broker.stop();
});

test('rejects a port in use with one sentence', async () => {
  await occupied(async (port) => {
    await expect(startKafka({ dataDir: aFolder(), port })).rejects.toThrow(
      `Kafka can't use port ${port}: another program is listening on it`,
    );
  });
});
