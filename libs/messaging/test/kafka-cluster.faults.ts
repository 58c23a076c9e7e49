import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { topicsWith } from '@roost/contracts';
import { type EmbeddedKafka, startKafka } from '@roost/embedded';
import { reservePort, eventually, freshDatabase, runFolder } from '@roost/testing';
import { applyTopics, listTopics } from '../src/index.js';
import { MessageConsumer, RatingMirror, resetScript } from './consumers.js';
import { aMessage } from './fixtures.js';
import { clientOf, configsOf, startKafkaNode, type KafkaNode, type TestKafka } from './kafka-node.js';

const SPREAD = {
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
};

/** Starts a combined broker and controller, and two brokers. */
async function startCluster(): Promise<EmbeddedKafka[]> {
  const controller = await reservePort();
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const start = async (id: number): Promise<EmbeddedKafka> => {
    const port = await reservePort();
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

/** Each broker receives the metadata of the others with a delay of its own. */
async function expectAllBrokers({ brokers }: EmbeddedKafka): Promise<void> {
  const admin = clientOf({ brokers, prefix: '' }).admin();
  await admin.connect();
  const cluster = await admin.describeCluster().finally(() => admin.disconnect());
  expect(cluster.brokers).toHaveLength(3);
}

async function expectAllTopics({ brokers }: EmbeddedKafka): Promise<void> {
  const reports = await listTopics(clientOf({ brokers, prefix: '' }), { partitions: 3 });
  expect(new Set(reports.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['unchanged 3']));
}

describe('a Kafka cluster of three brokers', () => {
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

  test('has three replicas of each topic, two of them in sync before an event is acknowledged', async () => {
    const client = clientOf(kafka);
    await Promise.all(brokers.map((broker) => eventually(() => expectAllBrokers(broker), { seconds: 60 })));
    const reports = await applyTopics(client, { partitions: 3 });
    expect(new Set(reports.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['created 3']));
    await Promise.all(brokers.map((broker) => eventually(() => expectAllTopics(broker), { seconds: 60 })));
    const again = await applyTopics(client, { partitions: 3 });
    expect(new Set(again.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['unchanged 3']));
    const names = again.map(({ name }) => name);
    const configs = await configsOf(kafka, names);
    expect(configs.map((config) => config['min.insync.replicas'])).toEqual(names.map(() => '2'));
  });

  describe('delivers the events of bookings to identity', () => {
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
      await eventually(() => identity.bus.check(), { seconds: 60 });
      // The producer has the leaders of all partitions from now on.
      await send(threads);
      await eventually(expectAllHandled, { seconds: 60 });
    });

    /** In one transaction, so that they are sent in one batch. */
    async function send(to: readonly string[]): Promise<void> {
      const bodies = to.map((thread) => aMessage(thread));
      await bookings.transactions.run(async (em) => {
        for (const body of bodies) await bookings.outbox.add(em, 'message.sent', body);
      });
      for (const { threadId, messageId } of bodies) sent.get(threadId)?.push(messageId);
    }

    async function expectAllHandled(): Promise<void> {
      const rows = await identity.sql<{ key: string; note: string }>(
        'SELECT key, note FROM effect ORDER BY at',
      );
      for (const [thread, notes] of sent) {
        expect(rows.filter(({ key }) => key === thread).map(({ note }) => note)).toEqual(notes);
      }
    }

    test('when a partition moves to a broker that has already accepted its part of a request', async () => {
      const admin = clientOf(kafka).admin();
      await admin.connect();
      const [topic = ''] = topicsWith('message.sent');
      const leaders = async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return new Map(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader]));
      };
      const ledBy2 = [...(await leaders())].find(([, leader]) => leader === 2)?.[0] ?? -1;
      const moveReplicasTo = async (replicas: number[]): Promise<void> => {
        const partitionAssignment = [{ partition: ledBy2, replicas }];
        await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
      };
      // A leader that keeps its replica stays the leader.
      await moveReplicasTo([1, 3]);
      await eventually(async () => expect((await leaders()).get(ledBy2)).toBe(1), { seconds: 60 });
      await send(threads);
      await eventually(expectAllHandled, { seconds: 60 });
      await moveReplicasTo([1, 2, 3]);
      await eventually(
        async () => {
          const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
          expect(topics[0]?.partitions.map(({ isr }) => isr.length)).toEqual([3, 3, 3]);
        },
        { seconds: 60 },
      );
      await admin.disconnect();
    });

    test('once and in order per key when a broker is killed', async () => {
      process.kill(brokers[2]?.pid ?? 0, 'SIGKILL');
      for (let round = 0; round < 20; round += 1) {
        for (const thread of threads) await send([thread]);
      }
      await eventually(expectAllHandled, { seconds: 120 });
      await eventually(
        () => {
          bookings.bus.check();
          identity.bus.check();
        },
        { seconds: 60 },
      );
    });
  });
});
