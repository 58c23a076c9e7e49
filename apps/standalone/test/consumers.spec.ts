import { jest } from '@jest/globals';
import { events, type EventType, topicOf, topics } from '@roost/contracts';
import { envelopeOf, EventConsumer } from '@roost/messaging';
import { golden, startTestService, type TestService } from '@roost/testing';
import { definitions } from '../src/services.js';

jest.setTimeout(120_000);

const types = Object.keys(events) as EventType[];

const publisherOf = (topic: string) => topic.split('.')[0] ?? '';
const typesOn = (topic: string) => types.filter((type) => topicOf(type, publisherOf(topic)) === topic);
const stateTopics = [...topics].filter(([, { kind }]) => kind === 'state').map(([topic]) => topic);

/** The types of consumed state topics without a handler. */
function missed(consumed: ReadonlySet<string>): string[] {
  return stateTopics
    .filter((topic) => typesOn(topic).some((type) => consumed.has(type)))
    .flatMap((topic) => typesOn(topic).filter((type) => !consumed.has(type)));
}

/** Events that a consumer rejects without the aggregate that they refer to. */
const NEEDS_AGGREGATE = /^a payment for a booking that does not exist/;

test('a consumer of some types of a state topic misses the others', () => {
  expect(missed(new Set(['rating.changed', 'user.suspended', 'user.erased']))).toEqual([
    'user.registered',
    'user.email-verified',
    'user.became-host',
    'user.profile-changed',
    'user.reinstated',
  ]);
});

describe.each(['identity', 'listings', 'bookings', 'payments', 'reviews'] as const)('%s', (name) => {
  let service: TestService;
  let consumed: ReadonlySet<string>;
  let projections: Readonly<Record<string, readonly string[]>>;
  beforeAll(async () => {
    const definition = await definitions[name]();
    projections = definition.projections ?? {};
    service = await startTestService(definition, {
      env: { SANDBOX_WEBHOOK_SECRET: 'a-webhook-secret-of-the-specs', LOCATION_SECRET: 'x'.repeat(40) },
    });
    consumed = service.get(EventConsumer).types;
  });
  afterAll(() => service.close());

  test('handles every type of each consumed state topic, so that the last event is sufficient', () => {
    expect(missed(consumed)).toEqual([]);
  });

  test('declares the tables of each state topic, and no foreign key refers to them', async () => {
    const mirrored = stateTopics.filter((topic) => typesOn(topic).some((type) => consumed.has(type)));
    expect(Object.keys(projections).toSorted()).toEqual(mirrored.toSorted());
    const tables = Object.values(projections).flat();
    expect(new Set(tables).size).toBe(tables.length);
    for (const table of tables) {
      const foreignKeys = await service.query(
        `SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = $1::regclass`,
        [table],
      );
      expect(foreignKeys).toEqual([]);
      // A rebuild distinguishes rows of events from rows of the service by this column.
      await service.query(`SELECT version FROM ${table} LIMIT 1`);
    }
  });

  test('handles the fixture of each consumed event', async () => {
    const consumer = service.get(EventConsumer);
    const rejected: string[] = [];
    for (const type of types.filter((each) => consumed.has(each))) {
      const source = publisherOf(events[type].topic).replace('<service>', 'bookings');
      const envelope = envelopeOf(type, golden(type), { source, version: 1 });
      const outcome = await consumer.handle(envelope).catch((error: Error) => error);
      if (outcome instanceof Error ? !NEEDS_AGGREGATE.test(outcome.message) : outcome !== 'handled')
        rejected.push(`${type}: ${String(outcome)}`);
    }
    expect(rejected).toEqual([]);
  });
});
