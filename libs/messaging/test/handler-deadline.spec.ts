import { randomUUID } from 'node:crypto';
import { eventually, freshDatabase } from '@roost/testing';
import { EmbeddedBus } from '../src/index.js';
import { MessageConsumer, resetScript, script } from './consumers.js';
import { aMessage } from './fixtures.js';
import { type Node, startNode } from './node.js';

let node: Node;

beforeAll(async () => {
  resetScript();
  node = await startNode({
    service: 'bookings',
    url: await freshDatabase('bookings'),
    bus: new EmbeddedBus(),
    controllers: [MessageConsumer],
    handlerTimeoutSeconds: 1,
  });
});
afterAll(() => node.close());

test('the time limit of a handler does not count the time in which the event loop is blocked', async () => {
  script.before = async () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    await node.sql('SELECT 1');
  };
  const message = aMessage(randomUUID());
  await node.transactions.run((em) => node.outbox.add(em, 'message.sent', message));
  await eventually(async () =>
    expect(await node.sql('SELECT note FROM effect')).toEqual([{ note: message.messageId }]),
  );
  expect(script.tries).toEqual([message.messageId]);
});
