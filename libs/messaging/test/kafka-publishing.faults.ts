import { randomUUID } from 'node:crypto';
import { eventually, freshDatabase } from '@roost/testing';
import { Registry } from 'prom-client';
import { transportBytes } from '../src/envelope.js';
import { aRating } from './fixtures.js';
import {
  configure,
  type KafkaNode,
  kafkaWithTopics,
  readTopic,
  startKafkaNode,
  type TestKafka,
} from './kafka-node.js';

describe('publishing to Kafka', () => {
  let kafka: TestKafka;
  let node: KafkaNode;
  const metrics = new Registry();
  const metric = (name: string) => metrics.getSingleMetricAsString(name);

  beforeAll(async () => {
    kafka = await kafkaWithTopics({ partitions: 1 });
    node = await startKafkaNode({ kafka, service: 'reviews', url: await freshDatabase('reviews'), metrics });
  });
  afterAll(() => node.close());

  test('rejects an event over the size limit in the outbox', async () => {
    const huge = { ...aRating(randomUUID(), 1), categorySums: { ['x'.repeat(1_000_000)]: 1 } };
    await expect(
      node.transactions.run((em) => node.outbox.add(em, 'rating.changed', huge, { version: 1 })),
    ).rejects.toThrow(/rating\.changed has \d+ bytes, the limit is 900000/);
  });

  test('measures an event with the spaces that jsonb adds', async () => {
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
        { bytes: transportBytes(json) },
      ]);
    }
  });

  test('keeps an event that the broker refuses in the outbox for an operator, and continues with the events after it', async () => {
    const [resent, discarded, good] = [randomUUID(), randomUUID(), randomUUID()];
    expect(await metric('roost_outbox_refused')).toMatch(/^roost_outbox_refused 0$/m);
    await node.sql(
      `INSERT INTO outbox_event (type, topic, key, compacted, schema_version, body)
       SELECT 'rating.changed', 'reviews.rating', key, true, 1, jsonb_build_object('text', text)
       FROM (VALUES (?, repeat('x', 2000000)), (?, repeat('x', 2000000)), (?, 'y')) AS event (key, text)`,
      [resent, discarded, good],
    );
    const published = async () => (await readTopic(kafka, 'reviews.rating')).map(({ key }) => key);
    await eventually(async () => expect(await published()).toEqual([good]), { seconds: 60 });
    expect(node.log.fieldsOf('event refused by Kafka; it stays in the outbox')).toEqual(
      [resent, discarded].map((key) => expect.objectContaining({ key, code: 'MESSAGE_TOO_LARGE' })),
    );

    const operator = node.outboxOperations;
    const refused = await eventually(
      async () => {
        const found = await operator.listRefused({}, 10);
        expect(found).toEqual(
          [resent, discarded].map((key) =>
            expect.objectContaining({
              key,
              type: 'rating.changed',
              code: 'MESSAGE_TOO_LARGE',
              bytes: 2_000_012,
            }),
          ),
        );
        return found;
      },
      { seconds: 60 },
    );
    await eventually(async () =>
      expect(await operator.status()).toMatchObject({ refused: 2, sinks: [{ behind: 0 }] }),
    );
    // The alert RoostEventsRefused.
    expect(await metric('roost_outbox_refused')).toMatch(/^roost_outbox_refused 2$/m);
    expect(await metric('roost_kafka_refused_total')).toMatch(
      /^roost_kafka_refused_total\{type="rating.changed",code="MESSAGE_TOO_LARGE"\} 2$/m,
    );
    expect(await operator.discard({ id: refused[1]?.id ?? '' })).toBe(1);
    await configure(kafka, 'reviews.rating', { 'max.message.bytes': String(8 * 1024 * 1024) });
    expect(await operator.resend()).toBe(1);
    await eventually(
      async () => {
        // The new limit takes effect with a delay: an event that the broker refuses until then is resent.
        await operator.resend();
        expect(await published()).toEqual([good, resent]);
      },
      { seconds: 60 },
    );
    expect(await operator.listRefused({}, 10)).toEqual([]);
    expect(await metric('roost_outbox_refused')).toMatch(/^roost_outbox_refused 0$/m);
  });

  test('adds a tombstone to the last event of an erased user', async () => {
    const identity = await startKafkaNode({
      kafka,
      service: 'identity',
      url: await freshDatabase('identity'),
    });
    try {
      const userId = randomUUID();
      const erased = {
        ...{ userId, displayName: '', locale: 'en', roles: [], emailVerified: false },
        status: 'erased' as const,
      };
      await identity.transactions.run(async (em) => {
        await identity.outbox.add(em, 'user.erased', erased, { version: 3 });
        await identity.outbox.add(em, 'user.erased', { ...erased, completed: true }, { version: 4 });
      });
      await eventually(
        async () => {
          const messages = (await readTopic(kafka, 'identity.user')).filter(({ key }) => key === userId);
          expect(messages.map(({ value }) => value === null)).toEqual([false, false, true]);
        },
        { seconds: 60 },
      );
    } finally {
      await identity.close();
    }
  });
});
