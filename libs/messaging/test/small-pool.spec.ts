import { randomUUID } from 'node:crypto';
import { eventually, freshDatabase } from '@roost/testing';
import { EmbeddedBus } from '../src/index.js';
import { MessageConsumer, resetScript, script } from './consumers.js';
import { aMessage } from './fixtures.js';
import { aGate, type Node, startNode } from './node.js';

describe('the concurrency of handlers', () => {
  let publisher: Node;
  let consumer: Node | undefined;
  let bus: EmbeddedBus;
  let gate: ReturnType<typeof aGate>;

  beforeAll(async () => {
    bus = new EmbeddedBus();
    publisher = await startNode({ service: 'bookings', url: await freshDatabase('bookings'), bus });
  });
  beforeEach(() => {
    resetScript();
    gate = aGate();
  });
  afterEach(async () => {
    gate.open();
    await consumer?.close();
    consumer = undefined;
  });
  afterAll(() => publisher.close());

  test.each([
    [2, 1],
    [3, 1],
    [6, 4],
    [8, 6],
    [10, 8],
    [40, 8],
  ])('a pool of %i connections runs %i handlers, and others get a connection', async (poolSize, running) => {
    script.before = () => gate.passed;
    consumer = await startNode({
      service: 'identity',
      url: await freshDatabase('identity'),
      bus,
      controllers: [MessageConsumer],
      poolSize,
    });
    await publisher.transactions.run(async (em) => {
      for (let count = 0; count < 12; count += 1)
        await publisher.outbox.add(em, 'message.sent', aMessage(randomUUID()));
    });
    await eventually(() => expect(script.tries.length).toBeGreaterThanOrEqual(running));
    // Needs a connection of the pool while the handlers hold theirs.
    expect(await consumer.sql('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(script.tries).toHaveLength(running);
    gate.open();
    await eventually(async () =>
      expect(await consumer?.sql('SELECT count(*)::int AS count FROM effect')).toEqual([{ count: 12 }]),
    );
  });
});
