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

/** Of each state topic that somebody listens to, the types that they would miss. */
function missed(heard: ReadonlySet<string>): string[] {
  return stateTopics
    .filter((topic) => typesOn(topic).some((type) => heard.has(type)))
    .flatMap((topic) => typesOn(topic).filter((type) => !heard.has(type)));
}

/** Facts that the consumers refuse where they stand alone: their aggregate has to be there. */
const NEEDS_MORE =
  /^(a payment for a booking that does not exist|A review of a booking that has not been heard)/;

test('who hears but some types of a state topic misses what the last one said', () => {
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
  let heard: ReadonlySet<string>;
  let projections: Readonly<Record<string, readonly string[]>>;
  beforeAll(async () => {
    const definition = await definitions[name]();
    projections = definition.projections ?? {};
    service = await startTestService(definition, {
      env: { SANDBOX_WEBHOOK_SECRET: 'a-webhook-secret-of-the-specs', LOCATION_SECRET: 'x'.repeat(40) },
    });
    heard = service.get(EventConsumer).types;
  });
  afterAll(() => service.close());

  test('hears every type of a state topic that it hears at all, so that the last one is enough', () => {
    expect(missed(heard)).toEqual([]);
  });

  test('says what it builds of each, and nothing hangs on those tables', async () => {
    const mirrored = stateTopics.filter((topic) => typesOn(topic).some((type) => heard.has(type)));
    expect(Object.keys(projections).toSorted()).toEqual(mirrored.toSorted());
    const tables = Object.values(projections).flat();
    expect(new Set(tables).size).toBe(tables.length);
    for (const table of tables) {
      const hanging = await service.query(
        `SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = $1::regclass`,
        [table],
      );
      expect(hanging).toEqual([]);
      // By which a rebuild tells the rows that come of events from the service's own.
      await service.query(`SELECT version FROM ${table} LIMIT 1`);
    }
  });

  test('understands the fixture of each event that it hears', async () => {
    const consumer = service.get(EventConsumer);
    const refused: string[] = [];
    for (const type of types.filter((each) => heard.has(each))) {
      const source = publisherOf(events[type].topic).replace('<service>', 'bookings');
      const envelope = envelopeOf(type, golden(type), { source, version: 1 });
      const outcome = await consumer.handle(envelope).catch((error: Error) => error);
      if (outcome instanceof Error ? !NEEDS_MORE.test(outcome.message) : outcome !== 'handled')
        refused.push(`${type}: ${String(outcome)}`);
    }
    expect(refused).toEqual([]);
  });
});
