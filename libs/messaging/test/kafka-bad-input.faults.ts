import { randomUUID } from 'node:crypto';
import type { IHeaders, Producer } from 'kafkajs';
import { Registry } from 'prom-client';
import { eventually, freshDatabase } from '@roost/testing';
import { MessageConsumer, RatingMirror, resetScript, script } from './consumers.js';
import { aMessage } from './fixtures.js';
import {
  clientOf,
  configure,
  kafkaWithTopics,
  readTopic,
  startKafkaNode,
  type KafkaNode,
  type TestKafka,
} from './kafka-node.js';

const TOPIC = 'bookings.message';

describe('a Kafka message', () => {
  let kafka: TestKafka;
  let identity: KafkaNode;
  let producer: Producer;
  const metrics = new Registry();

  beforeAll(async () => {
    resetScript();
    kafka = await kafkaWithTopics({ partitions: 2 });
    await configure(kafka, TOPIC, { 'max.message.bytes': String(8 * 1024 * 1024) });
    producer = clientOf(kafka).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    identity = await startKafkaNode({
      kafka,
      service: 'identity',
      url: await freshDatabase('identity'),
      controllers: [MessageConsumer, RatingMirror],
      retryDelaysMs: [5, 5, 10, 10],
      metrics,
    });
  });
  afterAll(async () => {
    await producer.disconnect();
    await identity.close();
  });
  beforeEach(() => resetScript());

  const headersOf = (key: string, more: IHeaders = {}): IHeaders => ({
    ce_specversion: '1.0',
    ce_id: randomUUID(),
    ce_type: 'message.sent',
    ce_source: '/bookings',
    ce_subject: key,
    ce_time: new Date().toISOString(),
    ce_schemaversion: '1',
    ...more,
  });
  const send = (
    key: string | null,
    value: string | Buffer | null,
    headers?: IHeaders,
    topic = TOPIC,
  ): Promise<unknown> =>
    producer.send({
      topic: `${kafka.prefix}${topic}`,
      messages: [{ key, value, ...(headers ? { headers } : {}) }],
    });
  const sendGood = async (key: string = randomUUID()): Promise<string> => {
    const body = aMessage(key);
    await send(key, JSON.stringify(body), headersOf(key));
    return body.messageId;
  };
  const effects = async (key: string): Promise<string[]> =>
    (await identity.sql<{ note: string }>('SELECT note FROM effect WHERE key = ? ORDER BY at', [key])).map(
      ({ note }) => note,
    );
  const expectOtherKeysHandled = async (): Promise<void> => {
    const key = randomUUID();
    const id = await sendGood(key);
    await eventually(async () => expect(await effects(key)).toEqual([id]), { seconds: 60 });
  };

  const without = (headers: IHeaders, name: string): IHeaders =>
    Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));

  test.each<[string, (key: string) => { value: string | Buffer; headers?: IHeaders }, RegExp]>([
    ['without headers', (key) => ({ value: JSON.stringify(aMessage(key)) }), /no header ce_type/],
    ['that is not JSON', (key) => ({ value: 'not {json', headers: headersOf(key) }), /does not fit/],
    [
      'that does not fit its contract',
      (key) => ({ value: '{"threadId": 7}', headers: headersOf(key) }),
      /does not fit/,
    ],
    [
      'of 5 MB',
      (key) => ({ value: Buffer.alloc(5 * 1024 * 1024, 'x'), headers: headersOf(key) }),
      /5242880 bytes/,
    ],
    [
      'of bytes that are not UTF-8',
      (key) => ({ value: Buffer.alloc(600_000, 0xff), headers: headersOf(key) }),
      /does not fit/,
    ],
    [
      'with an invalid id',
      (key) => ({ value: '{}', headers: headersOf(key, { ce_id: '7' }) }),
      /ce_id is not a UUID/,
    ],
    [
      'without a time',
      (key) => ({ value: '{}', headers: without(headersOf(key), 'ce_time') }),
      /ce_time is not a time/,
    ],
    [
      'on the topic of another type',
      (key) => ({ value: '{}', headers: headersOf(key, { ce_type: 'payment.captured' }) }),
      /does not belong on this topic/,
    ],
    [
      'with a NUL in it',
      (key) => ({ value: 'a\0b', headers: headersOf(key, { ce_source: '/a\0b' }) }),
      /does not fit/,
    ],
  ])('%s is dead-lettered with its fault, and its key is blocked', async (_, bad, detail) => {
    const key = randomUUID();
    const { value, headers } = bad(key);
    await send(key, value, headers);
    const behind = await sendGood(key);
    await expectOtherKeysHandled();
    await eventually(
      async () => {
        const letters = await identity.deadLetters.list({ key });
        expect(letters.map(({ code, tries }) => ({ code, tries }))).toEqual([
          { code: 'MalformedEvent', tries: 1 },
          { code: null, tries: 0 },
        ]);
        expect(letters[0]?.detail).toMatch(detail);
        const first = await identity.deadLetters.find(letters[0]?.id ?? '');
        expect(first?.data.length).toBeLessThan(10_000);
      },
      { seconds: 60 },
    );
    expect(await effects(key)).toEqual([]);
    await eventually(
      async () => {
        const copies = (await readTopic(kafka, 'identity.dead-letter')).filter((copy) => copy.key === key);
        expect(copies).toHaveLength(1);
        expect(copies[0]?.headers).toMatchObject({
          deadletter_code: 'MalformedEvent',
          deadletter_topic: TOPIC,
          deadletter_tries: '1',
        });
      },
      { seconds: 60 },
    );
    const [letter] = await identity.deadLetters.list({ key });
    expect(await identity.deadLetters.discard(letter?.id ?? '')).toBe(true);
    await eventually(async () => expect(await effects(key)).toEqual([behind]), { seconds: 60 });
  });

  test('without a key is dead-lettered under its position as key', async () => {
    await send(null, 'x');
    await eventually(
      async () => {
        const letters = await identity.deadLetters.list();
        expect(letters.map(({ key, code }) => ({ key, code }))).toEqual([
          { key: expect.stringMatching(/^bookings\.message\/\d\/\d+$/), code: 'MalformedEvent' },
        ]);
      },
      { seconds: 60 },
    );
    await expectOtherKeysHandled();
    const [letter] = await identity.deadLetters.list();
    await identity.deadLetters.discard(letter?.id ?? '');
  });

  test('of a type that no contract describes is skipped, logged and counted', async () => {
    const key = randomUUID();
    await send(key, '{}', headersOf(key, { ce_type: 'message.whispered' }));
    const id = await sendGood(key);
    await eventually(async () => expect(await effects(key)).toEqual([id]), { seconds: 60 });
    expect(await identity.deadLetters.list({ key })).toEqual([]);
    expect(identity.log.fieldsOf('skipping events of a type that no contract describes')).toContainEqual({
      topic: TOPIC,
      eventType: 'message.whispered',
    });
    expect(await metrics.getSingleMetricAsString('roost_events_skipped_total')).toContain(
      'reason="unknown-type"} 1',
    );
  });

  test('of a newer schema version is read with the installed version and logged', async () => {
    const key = randomUUID();
    const body = aMessage(key);
    await send(key, JSON.stringify({ ...body, mood: 'new' }), headersOf(key, { ce_schemaversion: '9' }));
    await eventually(async () => expect(await effects(key)).toEqual([body.messageId]), { seconds: 60 });
    expect(
      identity.log.fieldsOf('reading events of a newer schema version with the installed one'),
    ).toContainEqual({ eventType: 'message.sent', schemaVersion: 9, installed: 1 });
  });

  test('with a time in the future is handled and logged', async () => {
    const key = randomUUID();
    const body = aMessage(key);
    const ahead = new Date(Date.now() + 3_600_000).toISOString();
    await send(key, JSON.stringify(body), headersOf(key, { ce_time: ahead }));
    await eventually(async () => expect(await effects(key)).toEqual([body.messageId]), { seconds: 60 });
    expect(
      identity.log.fieldsOf(
        'event time is in the future; the clock of its source or of this machine is wrong',
      ),
    ).toHaveLength(1);
  });

  test('that is a tombstone is skipped', async () => {
    const key = randomUUID();
    await send(key, null);
    const id = await sendGood(key);
    await eventually(async () => expect(await effects(key)).toEqual([id]), { seconds: 60 });
    expect(await identity.deadLetters.list({ key })).toEqual([]);
  });

  test.each([
    ['a TypeError', () => new TypeError("Cannot read properties of undefined (reading 'id')"), 'TypeError'],
    [
      'an error with a code',
      () => Object.assign(new Error('never'), { code: 'booking.not_found' }),
      'booking.not_found',
    ],
    ['a text that PostgreSQL rejects', () => new RangeError(`a\0b${'x'.repeat(484)}\u{1F6D6}`), 'RangeError'],
  ])(
    'whose handler throws %s is dead-lettered after 5 tries; after a redrive its key continues in order',
    async (_, thrown, code) => {
      const key = randomUUID();
      let broken = true;
      script.before = ({ threadId }) => {
        if (broken && threadId === key) throw thrown();
      };
      const ids = [await sendGood(key), await sendGood(key), await sendGood(key)];
      await expectOtherKeysHandled();
      await eventually(
        async () => {
          const letters = await identity.deadLetters.list({ key });
          expect(letters.map((letter) => ({ code: letter.code, tries: letter.tries }))).toEqual([
            { code, tries: 5 },
            { code: null, tries: 0 },
            { code: null, tries: 0 },
          ]);
        },
        { seconds: 60 },
      );
      expect(script.tries.filter((id) => ids.includes(id))).toEqual(Array.from({ length: 5 }, () => ids[0]));
      broken = false;
      expect(await identity.deadLetters.redrive({ key })).toBe(3);
      await eventually(async () => expect(await effects(key)).toEqual(ids), { seconds: 60 });
      ids.push(await sendGood(key));
      await eventually(async () => expect(await effects(key)).toEqual(ids), { seconds: 60 });
    },
  );
});
