import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import { eventually, freshDatabase } from '@roost/testing';
import { EmbeddedBus } from '../src/index.js';
import { MessageConsumer, resetScript, script } from './consumers.js';
import { aMessage } from './fixtures.js';
import { type Node, startNode } from './node.js';

let node: Node;

beforeAll(async () => {
  node = await startNode({
    service: 'bookings',
    url: await freshDatabase('bookings'),
    bus: new EmbeddedBus(),
    controllers: [MessageConsumer],
    retryDelaysMs: [5, 5, 10, 10],
    handlerTimeoutSeconds: 1,
  });
});
beforeEach(() => resetScript());
afterAll(() => node.close());

const send = async (...bodies: EventBody<'message.sent'>[]): Promise<void> => {
  for (const body of bodies) await node.transactions.run((em) => node.outbox.add(em, 'message.sent', body));
};
const effects = (threadId: string) => node.sql('SELECT note FROM effect WHERE key = ?', [threadId]);

test('the time limit of a handler does not count the time in which the event loop is blocked', async () => {
  script.before = async () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    await node.sql('SELECT 1');
  };
  const message = aMessage(randomUUID());
  await send(message);
  await eventually(async () =>
    expect(await effects(message.threadId)).toEqual([{ note: message.messageId }]),
  );
  expect(script.tries).toEqual([message.messageId]);
});

test('a handler that exceeds its time limit is rolled back, and its event is dead-lettered', async () => {
  const [stuck, good] = [aMessage(randomUUID()), aMessage(randomUUID())];
  script.before = ({ messageId }) =>
    messageId === stuck.messageId ? new Promise(() => undefined) : undefined;
  await send(stuck, good);
  await eventually(async () => expect(await effects(good.threadId)).toHaveLength(1));
  const queued = async () =>
    (await node.deadLetters.list({ key: stuck.threadId })).map(({ code, tries }) => ({ code, tries }));
  await eventually(async () => expect(await queued()).toEqual([{ code: 'HandlerTimeout', tries: 5 }]));
  expect(await effects(stuck.threadId)).toEqual([]);
});
