import { randomUUID } from 'node:crypto';
import { eventually, freshDatabase } from '@roost/testing';
import { Registry } from 'prom-client';
import { readOutboxStatus } from '../src/operations/outbox-status.queries.js';
import type { EventSink, EventTransport } from '../src/transport.js';
import { aMessage } from './fixtures.js';
import { type Node, startNode } from './node.js';

/** The metric of the alert RoostEventsRefused. kafka-publishing.faults.ts checks it with a broker. */

/** A destination that refuses some events, as Kafka does with one over `max.message.bytes`. */
class RefusingSink implements EventSink, EventTransport {
  readonly name = 'refusing';
  readonly accepted: string[] = [];
  refuses: (key: string) => boolean = () => false;

  wants(): boolean {
    return true;
  }

  send({ key }: Parameters<EventSink['send']>[0], onProcessed: Parameters<EventSink['send']>[1]): void {
    if (this.refuses(key)) return onProcessed('MESSAGE_TOO_LARGE');
    this.accepted.push(key);
    onProcessed();
  }

  sinks(): EventSink[] {
    return [this];
  }

  onSinksChanged(): () => void {
    return () => undefined;
  }

  listen(): Promise<() => Promise<void>> {
    return Promise.resolve(() => Promise.resolve());
  }
}

const metrics = new Registry();
const sink = new RefusingSink();
let node: Node;

beforeAll(async () => {
  const url = await freshDatabase('bookings');
  node = await startNode({ service: 'bookings', url, bus: sink, metrics });
});
afterAll(() => node.close());

const refusedByMetric = async () => {
  const text = await metrics.getSingleMetricAsString('roost_outbox_refused');
  return Number(/^roost_outbox_refused (\d+)$/m.exec(text)?.[1]);
};

test('roost_outbox_refused counts the events that wait for an operator, until they are resent or discarded', async () => {
  const [good, first, second] = [aMessage(randomUUID()), aMessage(randomUUID()), aMessage(randomUUID())];
  sink.refuses = (key) => key !== good.threadId;
  expect(await refusedByMetric()).toBe(0);
  for (const body of [first, second, good])
    await node.transactions.run((em) => node.outbox.add(em, 'message.sent', body));
  await eventually(async () => expect(await refusedByMetric()).toBe(2));
  await eventually(() => expect(sink.accepted).toEqual([good.threadId]));
  const refused = await node.outboxOperations.listRefused({}, 10);
  expect(refused.map(({ key, code }) => [key, code])).toEqual([
    [first.threadId, 'MESSAGE_TOO_LARGE'],
    [second.threadId, 'MESSAGE_TOO_LARGE'],
  ]);

  expect(await readOutboxStatus(node.em)).toMatchObject({ rows: 3, refused: 2 });
  expect(await readOutboxStatus(node.em, 1)).toMatchObject({ rows: 1, refused: 1 });
  await node.sql(`INSERT INTO outbox_cursor (sink, xid, id) VALUES ('behind', '0', uuidv7())`);
  expect((await readOutboxStatus(node.em)).sinks[0]).toMatchObject({ sink: 'behind', behind: 3 });
  expect((await readOutboxStatus(node.em, 2)).sinks[0]).toMatchObject({
    ...{ sink: 'behind', behind: 2, oldestSeconds: expect.any(Number) },
  });
  await node.sql(`DELETE FROM outbox_cursor WHERE sink = 'behind'`);

  const [earlier] = refused;
  expect(await node.outboxOperations.listRefused({}, 10, earlier)).toMatchObject([{ key: second.threadId }]);
  expect(await node.outboxOperations.listRefused({ type: 'rating.changed' }, 10)).toEqual([]);

  expect(await node.outboxOperations.discard({ id: refused[1]?.id ?? '' })).toBe(1);
  expect(await refusedByMetric()).toBe(1);

  sink.refuses = () => false;
  expect(await node.outboxOperations.resend()).toBe(1);
  await eventually(() => expect(sink.accepted).toEqual([good.threadId, first.threadId]));
  expect(await refusedByMetric()).toBe(0);
});
