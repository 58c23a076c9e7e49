import { randomUUID } from 'node:crypto';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { Client } from 'pg';
import { Registry } from 'prom-client';
import type { EventBody } from '@roost/contracts';
import { TestBroker } from '@roost/testing';
import { toldBytes } from '../src/envelope.js';
import {
  applyTopics,
  deleteAllTopics,
  discardRefused,
  listRefused,
  MissingTopics,
  readOutboxStatus,
  resendRefused,
} from '../src/index.js';
import { requireTopics } from '../src/kafka/kafka-topics.js';
import { MessageConsumer, RatingMirror, resetScript, script } from './consumers.js';
import { freshDatabase } from './fresh-database.js';
import { aMessage, aRating } from './given.js';
import {
  clientOf,
  configsOf,
  configure,
  type KafkaNode,
  kafkaWithTopics,
  readTopic,
  startKafkaNode,
  type TestKafka,
} from './kafka-node.js';
import { aGate, eventually } from './node.js';

const CONTROLLERS = [MessageConsumer, RatingMirror];

describe('a member of a consumer group', () => {
  let kafka: TestKafka;
  let bookings: KafkaNode;
  let identityUrl: string;
  const open: KafkaNode[] = [];

  beforeAll(async () => {
    kafka = await kafkaWithTopics({ partitions: 2 });
    bookings = await startKafkaNode({ kafka, service: 'bookings', url: await freshDatabase('bookings') });
    identityUrl = await freshDatabase('identity');
  });
  afterAll(() => bookings.close());
  beforeEach(() => resetScript());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((node) => node.close()));
  });

  async function identity(options: { metrics?: Registry; sessionMs?: number } = {}): Promise<KafkaNode> {
    const node = await startKafkaNode({
      kafka,
      service: 'identity',
      url: identityUrl,
      controllers: CONTROLLERS,
      ...(options.metrics ? { metrics: options.metrics } : {}),
      ...(options.sessionMs ? { busOptions: { sessionMs: options.sessionMs } } : {}),
    });
    open.push(node);
    return node;
  }
  const isReady = (node: KafkaNode): Promise<void> => eventually(() => node.bus.check(), 60);
  const send = async (body: EventBody<'message.sent'>): Promise<void> => {
    await bookings.transactions.run((em) => bookings.outbox.add(em, 'message.sent', body));
  };
  const arrives = async (node: KafkaNode, ...bodies: EventBody<'message.sent'>[]): Promise<void> => {
    for (const { threadId, messageId } of bodies) {
      await eventually(
        async () =>
          expect(await node.sql('SELECT note FROM effect WHERE key = ?', [threadId])).toEqual([
            { note: messageId },
          ]),
        60,
      );
    }
  };

  test('that died of a TypeError inside kafkajs is not ready, is counted, and is started again', async () => {
    const metrics = new Registry();
    const node = await identity({ metrics });
    await isReady(node);
    const { prototype } = ConsumerGroup;
    const { fetch } = prototype;
    let failures = 0;
    prototype.fetch = async () => {
      failures += 1;
      prototype.fetch = fetch;
      throw new TypeError("Cannot read properties of undefined (reading 'partitions')");
    };
    await eventually(() => expect(() => node.bus.check()).toThrow('The consumer'), 60);
    expect(failures).toBe(1);
    await isReady(node);
    expect(node.said.about('consumer died and will be started again')).toHaveLength(1);
    expect(await metrics.getSingleMetricAsString('roost_kafka_consumer_restarts_total')).toMatch(/\} 1$/m);
    const body = aMessage(randomUUID());
    await send(body);
    await arrives(node, body);
  });

  test('whose handler takes longer than its session stays in the group and handles once', async () => {
    const [slow, other] = [aMessage(randomUUID()), aMessage(randomUUID())];
    const gate = aGate();
    script.before = ({ messageId }) => (messageId === slow.messageId ? gate.passed : undefined);
    const node = await identity({ sessionMs: 4_000 });
    await isReady(node);
    await send(slow);
    await eventually(() => expect(script.tries).toContain(slow.messageId), 60);
    const from = performance.now();
    for (; performance.now() - from < 9_000;) {
      const next = aMessage(randomUUID());
      await send(next);
      await arrives(node, next);
    }
    gate.open();
    await arrives(node, slow);
    await send(other);
    await arrives(node, other);
    expect(script.tries.filter((id) => id === slow.messageId)).toEqual([slow.messageId]);
    expect(node.said.about('consumer joined its group')).toHaveLength(1);
    expect(node.said.about('consumer died and will be started again')).toEqual([]);
  });

  test('that is asked to stop finishes what it handles, and the next goes on behind it', async () => {
    const [last, next] = [aMessage(randomUUID()), aMessage(randomUUID())];
    const gate = aGate();
    script.before = ({ messageId }) => (messageId === last.messageId ? gate.passed : undefined);
    const first = await identity();
    await isReady(first);
    await send(last);
    await eventually(() => expect(script.tries).toContain(last.messageId), 60);
    const closed = first.close();
    open.length = 0;
    gate.open();
    await closed;
    const second = await identity();
    await send(next);
    await arrives(second, last, next);
    expect(script.tries.filter((id) => id === last.messageId)).toEqual([last.messageId]);
  });

  test('gives up what it has not begun when another comes, and nothing is handled twice', async () => {
    const bodies = Array.from({ length: 60 }, () => aMessage(randomUUID()));
    const first = await identity();
    await isReady(first);
    const gate = aGate();
    script.before = () => gate.passed;
    for (const body of bodies) await send(body);
    await eventually(() => expect(script.tries.length).toBeGreaterThan(0), 60);
    const second = await identity();
    await eventually(() => second.bus.check(), 60);
    gate.open();
    await arrives(second, ...bodies);
    const doubled = await second.sql('SELECT event_id FROM effect GROUP BY event_id HAVING count(*) > 1');
    expect(doubled).toEqual([]);
  });

  test('waits for a broker that is away, not ready, and says so', async () => {
    const away = { ...kafka, brokers: '127.0.0.1:1' };
    const node = await startKafkaNode({
      kafka: away,
      service: 'identity',
      url: identityUrl,
      controllers: CONTROLLERS,
    });
    open.push(node);
    expect(() => node.bus.check()).toThrow();
    expect(node.said.lines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Kafka does not answer at 127\.0\.0\.1:1 \(KAFKA_BROKERS\)/),
    );
  });

  test('does not start without its topics', async () => {
    const none = { ...kafka, prefix: `${kafka.prefix}none.` };
    await expect(
      startKafkaNode({ kafka: none, service: 'identity', url: identityUrl, controllers: CONTROLLERS }),
    ).rejects.toThrow(MissingTopics);
    await expect(
      startKafkaNode({ kafka: none, service: 'identity', url: identityUrl, controllers: CONTROLLERS }),
    ).rejects.toThrow(/none\.bookings\.message.*npm run roost -- topics apply/);
  });
});

describe('what a service publishes', () => {
  let kafka: TestKafka;
  let node: KafkaNode;
  let url: string;

  beforeAll(async () => {
    kafka = await kafkaWithTopics({ partitions: 1 });
    url = await freshDatabase('reviews');
    node = await startKafkaNode({ kafka, service: 'reviews', url });
  });
  afterAll(() => node.close());

  test('is refused by the outbox when it is larger than any event may be', async () => {
    const huge = { ...aRating(randomUUID(), 1), categorySums: { ['x'.repeat(1_000_000)]: 1 } };
    await expect(
      node.transactions.run((em) => node.outbox.add(em, 'rating.changed', huge, { version: 1 })),
    ).rejects.toThrow(/rating\.changed has \d+ bytes, the limit is 900000/);
  });

  test('counts as large as it will travel, with the blanks that jsonb puts in', async () => {
    const categorySums = Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`k${10_000 + i}`, 1]));
    const dense = { ...aRating(randomUUID(), 1), categorySums };
    expect(JSON.stringify(dense).length).toBeLessThan(900_000);
    await expect(
      node.transactions.run((em) => node.outbox.add(em, 'rating.changed', dense, { version: 1 })),
    ).rejects.toThrow(/rating\.changed has \d+ bytes, the limit is 900000/);
    const odd = { 'a,b:"c"': ['x\\",:', 'é'.repeat(300_000), [], {}, { '': -1 }], d: [1, true, null, '[,]'] };
    for (const body of [dense, odd]) {
      const json = JSON.stringify(body);
      expect(await node.sql('SELECT octet_length(?::jsonb::text) AS bytes', [json])).toEqual([
        { bytes: toldBytes(json) },
      ]);
    }
  });

  test('but is too large for the broker is said and kept for an operator, and what comes after it goes on', async () => {
    const [wanted, unwanted, good] = [randomUUID(), randomUUID(), randomUUID()];
    await node.sql(
      `INSERT INTO outbox_event (type, topic, key, compacted, schema_version, body)
       SELECT 'rating.changed', 'reviews.rating', key, true, 1, jsonb_build_object('text', text)
       FROM (VALUES (?, repeat('x', 2000000)), (?, repeat('x', 2000000)), (?, 'y')) AS event (key, text)`,
      [wanted, unwanted, good],
    );
    const told = async () => (await readTopic(kafka, 'reviews.rating')).map(({ key }) => key);
    await eventually(async () => expect(await told()).toEqual([good]), 60);
    expect(node.said.about('event can not be published and is left in the outbox')).toEqual(
      [wanted, unwanted].map((key) => expect.objectContaining({ key, code: 'MESSAGE_TOO_LARGE' })),
    );

    const operator = new Client({ connectionString: url });
    await operator.connect();
    try {
      const refused = await eventually(async () => {
        const found = await listRefused(operator, null, 10);
        expect(found).toEqual(
          [wanted, unwanted].map((key) =>
            expect.objectContaining({
              key,
              type: 'rating.changed',
              code: 'MESSAGE_TOO_LARGE',
              bytes: 2_000_012,
            }),
          ),
        );
        return found;
      }, 60);
      await eventually(async () =>
        expect(await readOutboxStatus(operator)).toMatchObject({ refused: 2, sinks: [{ behind: 0 }] }),
      );
      expect(await discardRefused(operator, refused[1]?.id ?? '')).toBe(1);
      await configure(kafka, 'reviews.rating', { 'max.message.bytes': String(8 * 1024 * 1024) });
      expect(await resendRefused(operator, null)).toBe(1);
      await eventually(async () => {
        // The broker hears of its new limit at some moment: what it refuses until then goes once more.
        await resendRefused(operator, null);
        expect(await told()).toEqual([good, wanted]);
      }, 60);
      expect(await listRefused(operator, null, 10)).toEqual([]);
    } finally {
      await operator.end();
    }
  });

  test('ends with a tombstone when a user is erased', async () => {
    const identity = await startKafkaNode({
      kafka,
      service: 'identity',
      url: await freshDatabase('identity'),
    });
    try {
      const userId = randomUUID();
      await identity.transactions.run((em) =>
        identity.outbox.add(
          em,
          'user.erased',
          { userId, displayName: '', locale: 'en', roles: [], emailVerified: false, status: 'erased' },
          { version: 3 },
        ),
      );
      await eventually(async () => {
        const messages = (await readTopic(kafka, 'identity.user')).filter(({ key }) => key === userId);
        expect(messages.map(({ value }) => value === null)).toEqual([false, true]);
      }, 60);
    } finally {
      await identity.close();
    }
  });

  test('goes to topics that can be applied again and again, and are raised only when asked', async () => {
    const client = clientOf(kafka);
    const prefix = `${kafka.prefix}raise.`;
    const states = async (options: object) =>
      new Set(
        (await applyTopics(client, { prefix, ...options })).map(({ kind, state }) => `${kind} ${state}`),
      );
    expect(await states({ partitions: 1, dryRun: true })).toEqual(
      new Set(['fact missing', 'state missing', 'dead-letter missing']),
    );
    expect(await states({ partitions: 1 })).toEqual(
      new Set(['fact created', 'state created', 'dead-letter created']),
    );
    expect(await states({ partitions: 1 })).toEqual(
      new Set(['fact unchanged', 'state unchanged', 'dead-letter unchanged']),
    );
    expect(await states({ partitions: 2 })).toEqual(
      new Set(['fact differs', 'state differs', 'dead-letter unchanged']),
    );
    expect(await states({ partitions: 2, raise: true })).toEqual(
      new Set(['fact raised', 'state raised', 'dead-letter unchanged']),
    );
    const raised = { ...kafka, prefix };
    await configure(raised, 'bookings.booking', { 'retention.ms': '1000', 'segment.ms': '777777' });
    const mended = await applyTopics(client, { prefix, partitions: 2 });
    expect(mended.find(({ name }) => name === `${prefix}bookings.booking`)).toMatchObject({
      state: 'changed',
      changes: expect.arrayContaining(['retention.ms 1000 → 2592000000']),
    });
    expect(await configsOf(raised, ['bookings.booking'])).toMatchObject([
      { 'retention.ms': '2592000000', 'segment.ms': '777777' },
    ]);
  });
});

/** A broker agrees before it has heard of it itself: where these answers are about topics, it tells an old one once more. */
describe('a broker that hears late of what it agreed to', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await TestBroker.start();
  });
  afterAll(() => broker.close());

  /** The broker's client, and how often it was asked; of its answers the one of number `late` is the one before. */
  function askedLate<M extends 'listTopics' | 'describeConfigs'>(
    method: M,
    late: number,
  ): { client: ReturnType<typeof clientOf>; times(): number } {
    const client = clientOf({ brokers: broker.brokers, prefix: '' });
    const { admin } = client;
    let times = 0;
    let before: unknown = method === 'listTopics' ? [] : undefined;
    client.admin = () => {
      const real = admin.call(client);
      const ask = real[method] as (...args: unknown[]) => Promise<unknown>;
      return {
        ...real,
        [method]: async (...args: unknown[]) => {
          times += 1;
          const answer = await ask(...args);
          if (times === late) return before;
          before = answer;
          return answer;
        },
      };
    };
    return { client, times: () => times };
  }

  test('is asked again for a topic, for settings, and whether all is deleted', async () => {
    const kafka = { brokers: broker.brokers, prefix: '' };
    const made = await applyTopics(clientOf(kafka), { partitions: 1 });
    expect(new Set(made.map(({ state }) => state))).toEqual(new Set(['created']));

    const starting = askedLate('listTopics', 1);
    await requireTopics(starting.client, ['bookings.message']);
    expect(starting.times()).toBe(2);

    await configure(kafka, 'bookings.booking', { 'retention.ms': '1000' });
    const applying = askedLate('describeConfigs', 2);
    const mended = await applyTopics(applying.client, { partitions: 1 });
    expect(mended.filter(({ state }) => state === 'changed')).toHaveLength(1);
    expect(applying.times()).toBeGreaterThanOrEqual(3);

    const emptying = askedLate('listTopics', 2);
    await deleteAllTopics(emptying.client);
    expect(emptying.times()).toBeGreaterThanOrEqual(3);
    const anew = await applyTopics(clientOf(kafka), { partitions: 1 });
    expect(new Set(anew.map(({ state }) => state))).toEqual(new Set(['created']));
  });
});
