import { randomUUID } from 'node:crypto';
import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { eventually, freshDatabase } from '@roost/testing';
import { MessageConsumer, RatingMirror, resetScript } from './consumers.js';
import { aMessage, aRating } from './fixtures.js';
import { kafkaWithTopics, readTopic, startKafkaNode, type KafkaNode, type TestKafka } from './kafka-node.js';

describe('event delivery over Kafka', () => {
  let kafka: TestKafka;
  let reviews: KafkaNode;
  let bookings: KafkaNode;
  let identity: KafkaNode;

  beforeAll(async () => {
    resetScript();
    kafka = await kafkaWithTopics();
    [reviews, bookings, identity] = await Promise.all([
      startKafkaNode({ kafka, service: 'reviews', url: await freshDatabase('reviews') }),
      startKafkaNode({ kafka, service: 'bookings', url: await freshDatabase('bookings') }),
      startKafkaNode({
        kafka,
        service: 'identity',
        url: await freshDatabase('identity'),
        controllers: [MessageConsumer, RatingMirror],
      }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([reviews.close(), bookings.close(), identity.close()]);
  });

  test('sends a CloudEvent, keyed by its aggregate', async () => {
    const body = aRating(randomUUID(), 3);
    await reviews.transactions.run((em) => reviews.outbox.add(em, 'rating.changed', body, { version: 7 }));
    await eventually(
      async () => {
        expect(await identity.sql('SELECT version::int FROM mirror WHERE key = ?', [body.listingId])).toEqual(
          [{ version: 7 }],
        );
      },
      { seconds: 30 },
    );
    const [message] = (await readTopic(kafka, 'reviews.rating')).filter(({ key }) => key === body.listingId);
    const [row] = await reviews.sql<{ id: string }>('SELECT id FROM outbox_event WHERE key = ?', [
      body.listingId,
    ]);
    expect(message?.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: row?.id,
      ce_type: 'rating.changed',
      ce_source: '/reviews',
      ce_subject: body.listingId,
      ce_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      ce_aggregateversion: '7',
      ce_schemaversion: '1',
      'content-type': 'application/json',
    });
    expect(JSON.parse(message?.value ?? '')).toEqual(body);
  });

  test('handles each event once and in order per key', async () => {
    const threads = Array.from({ length: 20 }, () => randomUUID());
    const sent = new Map<string, string[]>(threads.map((id) => [id, []]));
    for (let round = 0; round < 25; round += 1) {
      await bookings.transactions.run(async (em) => {
        for (const thread of threads) {
          const message = aMessage(thread);
          sent.get(thread)?.push(message.messageId);
          await bookings.outbox.add(em, 'message.sent', message);
        }
      });
    }
    await eventually(
      async () => {
        const [row] = await identity.sql<{ count: number }>('SELECT count(*)::int AS count FROM effect');
        expect(row?.count).toBe(500);
      },
      { seconds: 60 },
    );
    for (const [thread, messages] of sent) {
      const notes = await identity.sql<{ note: string }>(
        'SELECT note FROM effect WHERE key = ? ORDER BY at',
        [thread],
      );
      expect(notes.map(({ note }) => note)).toEqual(messages);
    }
  });

  test('follows the versions even if the transaction with the lower id commits last', async () => {
    const id = randomUUID();
    await reviews.sql('INSERT INTO aggregate (id, version) VALUES (?, 4)', [id]);
    const bump = async (em: EntityManager): Promise<void> => {
      const [row] = await em.execute<{ version: number }[]>(
        sql`UPDATE aggregate SET version = version + 1 WHERE id = ${id} RETURNING version::int AS version`,
      );
      const version = row?.version ?? 0;
      await reviews.outbox.add(em, 'rating.changed', aRating(id, version), { version });
    };
    let tries = 0;
    await reviews.transactions.run(async (em) => {
      tries += 1;
      await em.execute(`INSERT INTO scratch (note) VALUES ('takes the transaction id')`);
      if (tries === 1) await reviews.transactions.begin(bump);
      await bump(em);
    });
    expect(tries).toBe(2);
    await eventually(
      async () =>
        expect(await identity.sql('SELECT version::int, count FROM mirror WHERE key = ?', [id])).toEqual([
          { version: 6, count: 6 },
        ]),
      { seconds: 60 },
    );
    const messages = (await readTopic(kafka, 'reviews.rating')).filter(({ key }) => key === id);
    expect(messages.map(({ headers }) => headers.ce_aggregateversion)).toEqual(['5', '6']);
  });
});
