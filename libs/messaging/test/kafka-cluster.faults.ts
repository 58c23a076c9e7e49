import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedKafka, startKafka } from '@roost/embedded';
import { aPort, runFolder } from '@roost/testing';
import { applyTopics } from '../src/index.js';
import { MessageConsumer, RatingMirror, resetScript } from './consumers.js';
import { freshDatabase } from './fresh-database.js';
import { aMessage } from './given.js';
import { clientOf, startKafkaNode, type KafkaNode, type TestKafka } from './kafka-node.js';
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
    const admin = client.admin();
    await admin.connect();
    await eventually(async () => expect((await admin.describeCluster()).brokers).toHaveLength(3), 60);
    const reports = await applyTopics(client, { partitions: 3 });
    expect(new Set(reports.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['created 3']));
    const again = await applyTopics(client, { partitions: 3 });
    expect(new Set(again.map(({ state, copies }) => `${state} ${copies}`))).toEqual(new Set(['unchanged 3']));
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: again.map(({ name }) => ({ type: 2, name, configNames: ['min.insync.replicas'] })),
    });
    await admin.disconnect();
    expect(new Set(resources.map(({ configEntries }) => configEntries[0]?.configValue))).toEqual(
      new Set(['2']),
    );
  });

  test('loses one of them, and every event is handled once, in the order of its key', async () => {
    const bookings = await startKafkaNode({
      kafka,
      service: 'bookings',
      url: await freshDatabase('bookings'),
    });
    const identity = await startKafkaNode({
      kafka,
      service: 'identity',
      url: await freshDatabase('identity'),
      controllers: [MessageConsumer, RatingMirror],
    });
    nodes.push(bookings, identity);
    await eventually(() => identity.bus.check(), 60);
    const threads = Array.from({ length: 12 }, () => randomUUID());
    const sent = new Map(threads.map((thread): [string, string[]] => [thread, []]));
    const send = async (): Promise<void> => {
      for (const thread of threads) {
        const body = aMessage(thread);
        await bookings.transactions.run((em) => bookings.outbox.add(em, 'message.sent', body));
        sent.get(thread)?.push(body.messageId);
      }
    };
    const arrived = async (): Promise<void> => {
      const rows = await identity.sql<{ key: string; note: string }>(
        'SELECT key, note FROM effect ORDER BY at',
      );
      for (const [thread, notes] of sent) {
        expect(rows.filter(({ key }) => key === thread).map(({ note }) => note)).toEqual(notes);
      }
    };
    for (let round = 0; round < 5; round += 1) await send();
    await eventually(arrived, 60);
    const [, , last] = brokers;
    process.kill(last?.pid ?? 0, 'SIGKILL');
    for (let round = 0; round < 20; round += 1) await send();
    await eventually(arrived, 120);
    await eventually(() => {
      bookings.bus.check();
      identity.bus.check();
    }, 60);
  });
});
