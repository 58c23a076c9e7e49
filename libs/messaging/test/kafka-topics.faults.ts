import { TestBroker } from '@roost/testing';
import { applyTopics, deleteAllTopics } from '../src/index.js';
import { requireTopics } from '../src/kafka/required-topics.js';
import { clientOf, configsOf, configure, kafkaWithTopics } from './kafka-node.js';

describe('topics', () => {
  test('can be applied repeatedly, and get more partitions only on request', async () => {
    const kafka = await kafkaWithTopics({ partitions: 1 });
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
    const updated = await applyTopics(client, { prefix, partitions: 2 });
    expect(updated.find(({ name }) => name === `${prefix}bookings.booking`)).toMatchObject({
      state: 'changed',
      changes: expect.arrayContaining(['retention.ms 1000 → 2592000000']),
    });
    expect(await configsOf(raised, ['bookings.booking'])).toMatchObject([
      { 'retention.ms': '2592000000', 'segment.ms': '777777' },
    ]);
  });
});

/** A broker acknowledges a change before its own metadata shows it, so one response here is an outdated one. */
describe('a broker with outdated metadata', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await TestBroker.start();
  });
  afterAll(() => broker.close());

  /** A client whose call number `outdated` of the method returns the previous response; `calls` counts the calls. */
  function clientWithOutdatedResponse<M extends 'listTopics' | 'describeConfigs'>(
    method: M,
    outdated: number,
  ): { client: ReturnType<typeof clientOf>; calls(): number } {
    const client = clientOf({ brokers: broker.brokers, prefix: '' });
    const { admin } = client;
    let calls = 0;
    let previous: unknown = method === 'listTopics' ? [] : undefined;
    client.admin = () => {
      const real = admin.call(client);
      const call = real[method] as (...args: unknown[]) => Promise<unknown>;
      return {
        ...real,
        [method]: async (...args: unknown[]) => {
          calls += 1;
          const response = await call(...args);
          if (calls === outdated) return previous;
          previous = response;
          return response;
        },
      };
    };
    return { client, calls: () => calls };
  }

  test('is polled for a missing topic, for changed settings and for deleted topics', async () => {
    const kafka = { brokers: broker.brokers, prefix: '' };
    const created = await applyTopics(clientOf(kafka), { partitions: 1 });
    expect(new Set(created.map(({ state }) => state))).toEqual(new Set(['created']));

    const starting = clientWithOutdatedResponse('listTopics', 1);
    await requireTopics(starting.client, ['bookings.message']);
    expect(starting.calls()).toBe(2);

    await configure(kafka, 'bookings.booking', { 'retention.ms': '1000' });
    const applying = clientWithOutdatedResponse('describeConfigs', 2);
    const updated = await applyTopics(applying.client, { partitions: 1 });
    expect(updated.filter(({ state }) => state === 'changed')).toHaveLength(1);
    expect(applying.calls()).toBeGreaterThanOrEqual(3);

    const emptying = clientWithOutdatedResponse('listTopics', 2);
    await deleteAllTopics(emptying.client);
    expect(emptying.calls()).toBeGreaterThanOrEqual(3);
    const recreated = await applyTopics(clientOf(kafka), { partitions: 1 });
    expect(new Set(recreated.map(({ state }) => state))).toEqual(new Set(['created']));
  });
});
