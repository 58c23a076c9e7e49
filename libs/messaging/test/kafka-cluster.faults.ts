import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { topicsWith } from '@roost/contracts';
import { type EmbeddedKafka, startKafka } from '@roost/embedded';
import { aPort, runFolder } from '@roost/testing';
import { applyTopics, listTopics } from '../src/index.js';
import { MessageConsumer, RatingMirror, resetScript } from './consumers.js';
import { freshDatabase } from './fresh-database.js';
import { aMessage } from './given.js';
import { clientOf, configsOf, startKafkaNode, type KafkaNode, type TestKafka } from './kafka-node.js';
import { eventually } from './node.js';

const SPREAD = {
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
};

/** One that is broker and controller, and two that are brokers only. */
async function startCluster(): Promise<EmbeddedKafka[]> {
  const controller = await aPort();
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const start = async (id: number): Promise<EmbeddedKafka> => {
    const port = await aPort();
    const clients = `CLIENTS://127.0.0.1:${port}`;
    return startKafka({
      dataDir: mkdtempSync(join(runFolder(), 'cluster-')),
      port,
      temporary: true,
      formatArguments: ['-t', cluster],
      properties: {
        ...SPREAD,
        'node.id': String(id),
        'controller.quorum.voters': `1@127.0.0.1:${controller}`,
        ...(id === 1
          ? { listeners: `${clients},CONTROLLER://127.0.0.1:${controller}` }
          : { 'process.roles': 'broker', listeners: clients }),
      },
    });
  };
  const first = start(1);
  return Promise.all([first, start(2), start(3)]);
}

/** Each of them hears of the others, and of what one of them was asked for, in its own time. */
async function knowsAll({ brokers }: EmbeddedKafka): Promise<void> {
  const admin = clientOf({ brokers, prefix: '' }).admin();
  await admin.connect();
  const known = await admin.describeCluster().finally(() => admin.disconnect());
  expect(known.brokers).toHaveLength(3);
}

async function knowsTopics({ brokers }: EmbeddedKafka): Promise<void> {
  const reports = await listTopics(clientOf({ brokers, prefix: '' }), { partitions: 3 });
  expect(new Set(reports.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['unchanged 3']));
}

describe('a Kafka of three brokers', () => {
  let brokers: EmbeddedKafka[] = [];
  let kafka: TestKafka;
  const nodes: KafkaNode[] = [];

  beforeAll(async () => {
    resetScript();
    brokers = await startCluster();
    kafka = { brokers: brokers.map((each) => each.brokers).join(','), prefix: '' };
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all(brokers.map((broker) => broker.stop()));
  });

  test('keeps each topic on all three, and an acknowledged event on two', async () => {
    const client = clientOf(kafka);
    await Promise.all(brokers.map((broker) => eventually(() => knowsAll(broker), 60)));
    const reports = await applyTopics(client, { partitions: 3 });
    expect(new Set(reports.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['created 3']));
    await Promise.all(brokers.map((broker) => eventually(() => knowsTopics(broker), 60)));
    const again = await applyTopics(client, { partitions: 3 });
    expect(new Set(again.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['unchanged 3']));
    const names = again.map(({ name }) => name);
    const configs = await configsOf(kafka, names);
    expect(configs.map((config) => config['min.insync.replicas'])).toEqual(names.map(() => '2'));
  });

  describe('carries what bookings says to identity', () => {
    const threads = Array.from({ length: 30 }, () => randomUUID());
    const sent = new Map(threads.map((thread): [string, string[]] => [thread, []]));
    let bookings: KafkaNode;
    let identity: KafkaNode;

    beforeAll(async () => {
      bookings = await startKafkaNode({ kafka, service: 'bookings', url: await freshDatabase('bookings') });
      identity = await startKafkaNode({
        kafka,
        service: 'identity',
        url: await freshDatabase('identity'),
        controllers: [MessageConsumer, RatingMirror],
      });
      nodes.push(bookings, identity);
      await eventually(() => identity.bus.check(), 60);
      // Its producer knows by now who leads which partition.
      await send(threads);
      await eventually(arrived, 60);
    });

    /** In one transaction, so that they travel together. */
    async function send(to: readonly string[]): Promise<void> {
      const bodies = to.map((thread) => aMessage(thread));
      await bookings.transactions.run(async (em) => {
        for (const body of bodies) await bookings.outbox.add(em, 'message.sent', body);
      });
      for (const { threadId, messageId } of bodies) sent.get(threadId)?.push(messageId);
    }

    async function arrived(): Promise<void> {
      const rows = await identity.sql<{ key: string; note: string }>(
        'SELECT key, note FROM effect ORDER BY at',
      );
      for (const [thread, notes] of sent) {
        expect(rows.filter(({ key }) => key === thread).map(({ note }) => note)).toEqual(notes);
      }
    }

    test('also where a partition moves to a broker that has taken its part of a request already', async () => {
      const admin = clientOf(kafka).admin();
      await admin.connect();
      const [topic = ''] = topicsWith('message.sent');
      const leaders = async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return new Map(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader]));
      };
      const ledBy2 = [...(await leaders())].find(([, leader]) => leader === 2)?.[0] ?? -1;
      const copyTo = async (replicas: number[]): Promise<void> => {
        const partitionAssignment = [{ partition: ledBy2, replicas }];
        await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
      };
      // A leader that keeps its copy goes on leading.
      await copyTo([1, 3]);
      await eventually(async () => expect((await leaders()).get(ledBy2)).toBe(1), 60);
      await send(threads);
      await eventually(arrived, 60);
      await copyTo([1, 2, 3]);
      await eventually(async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        expect(topics[0]?.partitions.map(({ isr }) => isr.length)).toEqual([3, 3, 3]);
      }, 60);
      await admin.disconnect();
    });

    test('also while one of them dies, each event once and in the order of its key', async () => {
      process.kill(brokers[2]?.pid ?? 0, 'SIGKILL');
      for (let round = 0; round < 20; round += 1) {
        for (const thread of threads) await send([thread]);
      }
      await eventually(arrived, 120);
      await eventually(() => {
        bookings.bus.check();
        identity.bus.check();
      }, 60);
    });
  });
});
