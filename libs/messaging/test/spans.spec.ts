import { randomUUID } from 'node:crypto';
import { Collector, eventually, freshDatabase } from '@roost/testing';
import { startTracing, type Tracing } from '@roost/tracing';
import { EmbeddedBus, RetryTransaction } from '../src/index.js';
import { MessageConsumer, resetScript, script } from './consumers.js';
import { aMessage, aRating } from './fixtures.js';
import { type Node, startNode } from './node.js';

const silent = { info: () => undefined, warn: () => undefined };
const collectors: Collector[] = [];
const closing: (() => Promise<void>)[] = [];

let collector: Collector;
let bookings: Node;
let listings: Node;

beforeAll(async () => {
  collector = await Collector.start();
  collectors.push(collector);
  const traced = async (service: string): Promise<Tracing> => {
    const tracing = await startTracing({
      service,
      environment: 'test',
      endpoint: collector.url,
      share: 1,
      sendEveryMs: 50,
      logger: silent,
    });
    closing.push(() => tracing.close());
    return tracing;
  };
  const bus = new EmbeddedBus();
  bookings = await startNode({
    service: 'bookings',
    url: await freshDatabase('bookings'),
    bus,
    tracing: await traced('bookings'),
  });
  listings = await startNode({
    service: 'listings',
    url: await freshDatabase('listings'),
    bus,
    controllers: [MessageConsumer],
    retryDelaysMs: [1, 1],
    tracing: await traced('listings'),
  });
});
afterAll(async () => {
  await listings?.close();
  await bookings?.close();
  for (const close of closing) await close();
  for (const each of collectors) await each.close();
});
beforeEach(() => {
  resetScript();
  collector.spans.length = 0;
});

const named = (name: string) => collector.spans.filter((span) => span.name === name);

test('records a span per try; the last one has the outcome parked', async () => {
  script.before = () => {
    throw new TypeError('a text with a secret@example.com in it');
  };
  await bookings.transactions.run((em) => bookings.outbox.add(em, 'message.sent', aMessage(randomUUID())));
  // Two services export them: the second one may be faster.
  await eventually(() => expect(named('process message.sent')).toHaveLength(3));
  const created = await eventually(() => {
    expect(named('create message.sent')).toHaveLength(1);
    return named('create message.sent')[0];
  });
  const tries = named('process message.sent');
  expect(tries.map(({ parentSpanId, traceId }) => ({ parentSpanId, traceId }))).toEqual(
    tries.map(() => ({ parentSpanId: created?.spanId, traceId: created?.traceId })),
  );
  expect(
    tries.map(({ attributes, failed }) => [attributes['roost.tries'], attributes['roost.outcome'], failed]),
  ).toEqual([
    [1, 'to be tried again', true],
    [2, 'to be tried again', true],
    [3, 'parked', true],
  ]);
  expect(tries.map(({ attributes }) => attributes['error.type'])).toEqual([
    'TypeError',
    'TypeError',
    'TypeError',
  ]);
  expect(JSON.stringify(tries.map(({ attributes, message }) => ({ attributes, message })))).not.toContain(
    'secret',
  );
});

test('adds the redrive of an event to the trace that published it', async () => {
  script.before = () => {
    throw new Error('not yet');
  };
  const body = aMessage(randomUUID());
  await bookings.transactions.run((em) => bookings.outbox.add(em, 'message.sent', body));
  await eventually(async () =>
    expect(await listings.deadLetters.list({ key: body.threadId })).toHaveLength(1),
  );
  script.before = () => undefined;
  await listings.deadLetters.redrive({ topic: 'bookings.message', key: body.threadId });
  await eventually(() => {
    const [redriven] = named('process message.sent').filter(({ attributes }) => attributes['roost.redriven']);
    expect(redriven).toMatchObject({ failed: false, traceId: named('create message.sent')[0]?.traceId });
  });
});

test('marks the create span of a rolled-back transaction', async () => {
  let tries = 0;
  await bookings.transactions.run(async (em) => {
    tries += 1;
    await bookings.outbox.add(em, 'message.sent', aMessage(randomUUID()));
    if (tries === 1) throw new RetryTransaction('once more');
  });
  await eventually(() => expect(named('create message.sent')).toHaveLength(2));
  expect(
    named('create message.sent').map(({ failed, attributes }) => [
      failed,
      attributes['roost.rolled_back'] ?? false,
    ]),
  ).toEqual([
    [true, true],
    [false, false],
  ]);
  await eventually(() => expect(named('process message.sent')).toHaveLength(1));
});

test('records one create span for a bulk insert', async () => {
  const many = Array.from({ length: 300 }, (_, n) => ({ body: aRating(randomUUID(), n), version: 1 }));
  await bookings.transactions.run((em) => bookings.outbox.addAll(em, 'rating.changed', many));
  await eventually(() => expect(named('create rating.changed')).toHaveLength(1));
  expect(named('create rating.changed')[0]?.attributes).toMatchObject({
    'messaging.batch.message_count': 300,
  });
  const [row] = await bookings.sql<{ traces: number }>(
    `SELECT count(DISTINCT traceparent)::int AS traces FROM outbox_event WHERE type = 'rating.changed'`,
  );
  expect(row?.traces).toBe(1);
});
