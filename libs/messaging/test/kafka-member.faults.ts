import { randomUUID } from 'node:crypto';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { Registry } from 'prom-client';
import type { EventBody } from '@roost/contracts';
import { eventually, freshDatabase } from '@roost/testing';
import { MissingTopics } from '../src/index.js';
import { MessageConsumer, RatingMirror, resetScript, script } from './consumers.js';
import { aMessage } from './fixtures.js';
import { type KafkaNode, kafkaWithTopics, startKafkaNode, type TestKafka } from './kafka-node.js';
import { aGate } from './node.js';

const CONTROLLERS = [MessageConsumer, RatingMirror];

describe('a consumer group member', () => {
  let kafka: TestKafka;
  let bookings: KafkaNode;
  let identityUrl: string;
  const nodes: KafkaNode[] = [];

  beforeAll(async () => {
    kafka = await kafkaWithTopics({ partitions: 2 });
    bookings = await startKafkaNode({ kafka, service: 'bookings', url: await freshDatabase('bookings') });
    identityUrl = await freshDatabase('identity');
  });
  afterAll(() => bookings.close());
  beforeEach(() => resetScript());
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
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
    nodes.push(node);
    return node;
  }
  const untilReady = (node: KafkaNode): Promise<void> => eventually(() => node.bus.check(), { seconds: 60 });
  const send = async (body: EventBody<'message.sent'>): Promise<void> => {
    await bookings.transactions.run((em) => bookings.outbox.add(em, 'message.sent', body));
  };
  const expectHandled = async (node: KafkaNode, ...bodies: EventBody<'message.sent'>[]): Promise<void> => {
    for (const { threadId, messageId } of bodies) {
      await eventually(
        async () =>
          expect(await node.sql('SELECT note FROM effect WHERE key = ?', [threadId])).toEqual([
            { note: messageId },
          ]),
        { seconds: 60 },
      );
    }
  };

  test('that crashes by a TypeError inside kafkajs is not ready, is counted and is restarted', async () => {
    const metrics = new Registry();
    const node = await identity({ metrics });
    await untilReady(node);
    const { prototype } = ConsumerGroup;
    const { fetch } = prototype;
    let failures = 0;
    prototype.fetch = async () => {
      failures += 1;
      prototype.fetch = fetch;
      throw new TypeError("Cannot read properties of undefined (reading 'partitions')");
    };
    await eventually(() => expect(() => node.bus.check()).toThrow('The consumer'), { seconds: 60 });
    expect(failures).toBe(1);
    await untilReady(node);
    expect(node.log.fieldsOf('consumer crashed; it will be restarted')).toHaveLength(1);
    expect(await metrics.getSingleMetricAsString('roost_kafka_consumer_restarts_total')).toMatch(/\} 1$/m);
    const body = aMessage(randomUUID());
    await send(body);
    await expectHandled(node, body);
  });

  test('whose handler takes longer than its session stays in the group and handles the event once', async () => {
    const [slow, other] = [aMessage(randomUUID()), aMessage(randomUUID())];
    const gate = aGate();
    script.before = ({ messageId }) => (messageId === slow.messageId ? gate.passed : undefined);
    const node = await identity({ sessionMs: 4_000 });
    await untilReady(node);
    await send(slow);
    await eventually(() => expect(script.tries).toContain(slow.messageId), { seconds: 60 });
    const startedAt = performance.now();
    while (performance.now() - startedAt < 9_000) {
      const next = aMessage(randomUUID());
      await send(next);
      await expectHandled(node, next);
    }
    gate.open();
    await expectHandled(node, slow);
    await send(other);
    await expectHandled(node, other);
    expect(script.tries.filter((id) => id === slow.messageId)).toEqual([slow.messageId]);
    expect(node.log.fieldsOf('consumer joined its group')).toHaveLength(1);
    expect(node.log.fieldsOf('consumer crashed; it will be restarted')).toEqual([]);
  });

  test('that is stopped finishes the running handler, and the next member continues after it', async () => {
    const [last, next] = [aMessage(randomUUID()), aMessage(randomUUID())];
    const gate = aGate();
    script.before = ({ messageId }) => (messageId === last.messageId ? gate.passed : undefined);
    const first = await identity();
    await untilReady(first);
    await send(last);
    await eventually(() => expect(script.tries).toContain(last.messageId), { seconds: 60 });
    const closed = first.close();
    nodes.length = 0;
    gate.open();
    await closed;
    const second = await identity();
    await send(next);
    await expectHandled(second, last, next);
    expect(script.tries.filter((id) => id === last.messageId)).toEqual([last.messageId]);
  });

  test('drops events whose handler has not started when another member joins, and no event is handled twice', async () => {
    const bodies = Array.from({ length: 60 }, () => aMessage(randomUUID()));
    const first = await identity();
    await untilReady(first);
    const gate = aGate();
    script.before = () => gate.passed;
    for (const body of bodies) await send(body);
    await eventually(() => expect(script.tries.length).toBeGreaterThan(0), { seconds: 60 });
    const second = await identity();
    await eventually(() => second.bus.check(), { seconds: 60 });
    gate.open();
    await expectHandled(second, ...bodies);
    const duplicates = await second.sql('SELECT event_id FROM effect GROUP BY event_id HAVING count(*) > 1');
    expect(duplicates).toEqual([]);
  });

  test('waits for an unavailable broker, is not ready and logs it', async () => {
    const unavailable = { ...kafka, brokers: '127.0.0.1:1' };
    const node = await startKafkaNode({
      kafka: unavailable,
      service: 'identity',
      url: identityUrl,
      controllers: CONTROLLERS,
    });
    nodes.push(node);
    expect(() => node.bus.check()).toThrow();
    expect(node.log.lines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Kafka does not answer at 127\.0\.0\.1:1 \(KAFKA_BROKERS\)/),
    );
  });

  test('does not start without its topics', async () => {
    const missing = { ...kafka, prefix: `${kafka.prefix}none.` };
    await expect(
      startKafkaNode({ kafka: missing, service: 'identity', url: identityUrl, controllers: CONTROLLERS }),
    ).rejects.toThrow(MissingTopics);
    await expect(
      startKafkaNode({ kafka: missing, service: 'identity', url: identityUrl, controllers: CONTROLLERS }),
    ).rejects.toThrow(/none\.bookings\.message.*npm run roost -- topics apply/);
  });
});
