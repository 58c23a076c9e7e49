import { jest } from '@jest/globals';
import { eventually, TestClient } from '@roost/testing';
import { expectAgreement } from './agreement.fixture.js';
import { ErasureScenario, type Person, wordsOf } from './erasure.fixture.js';
import { KafkaTopics, type Message } from './kafka-topics.fixture.js';
import { DISTRIBUTED, type Env, freshEnvironment, isRunning, type Run, run, stopAll } from './launcher.js';
import { Operator } from './operator.fixture.js';

jest.setTimeout(600_000);

const TIMEOUT = { seconds: 60 };
/** Their processes exist and do not respond. */
const SUSPENDED = ['payments', 'reviews'];
/** Their processes do not exist. */
const ENDED = ['listings', 'bookings'];

let env: Env;
let roost: Run;
let operator: Operator;
let scenario: ErasureScenario;
let topics: KafkaTopics;
beforeAll(async () => {
  env = { ...(await freshEnvironment()), RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' };
  roost = run(env, DISTRIBUTED);
  await roost.prints('Ctrl-C stops everything.');
  operator = new Operator(env);
  topics = new KafkaTopics(env.KAFKA_PORT);
  scenario = await ErasureScenario.prepare(env, operator, new TestClient(`http://127.0.0.1:${env.PORT}`));
});
afterAll(async () => {
  if (roost) for (const service of SUSPENDED) process.kill(processOf(service), 'SIGCONT');
  operator?.stop();
  await stopAll();
});

function processOf(service: string): number {
  const started = new RegExp(`${service} on port \\d+ \\(process (\\d+)\\)`).exec(roost.output());
  return Number(started?.[1]);
}

async function expectIncomplete({ id }: Person): Promise<void> {
  const [request] = await operator.query<{ done: boolean }>(
    'identity',
    'SELECT completed_at IS NOT NULL AS done FROM erasure_request WHERE user_id = $1',
    [id],
  );
  expect(request).toEqual({ done: false });
}

/** The topics with messages that contain any personal data of a person. */
const topicsWith = (person: Person, messages: readonly Message[]): string[] => {
  const words = wordsOf(person);
  const found = messages.filter(({ key, value }) => words.some((word) => `${key} ${value}`.includes(word)));
  return [...new Set(found.map(({ topic }) => topic))].sort();
};

test('services that do not respond when a guest is erased erase them afterwards', async () => {
  const { guest } = scenario;
  for (const service of SUSPENDED) process.kill(processOf(service), 'SIGSTOP');
  await scenario.erase(guest);
  await eventually(
    async () =>
      expect(await scenario.tracesOf(guest)).toEqual([
        'payments.party_name',
        'reviews.author',
        'reviews.review_report',
      ]),
    TIMEOUT,
  );
  await expectIncomplete(guest);

  for (const service of SUSPENDED) process.kill(processOf(service), 'SIGCONT');
  await scenario.complete(guest);
  expect(await scenario.tracesOf(guest)).toEqual([]);
  await scenario.expectNoAvatar(guest);
});

test('services that are down when a host is erased erase them after their start', async () => {
  const { host } = scenario;
  const ended = ENDED.map(processOf);
  for (const pid of ended) process.kill(pid, 'SIGTERM');
  await eventually(() => expect(ended.filter(isRunning)).toEqual([]), TIMEOUT);
  for (const service of ENDED) await roost.prints(`${service} was stopped and stays stopped`);
  await scenario.erase(host);
  await eventually(
    async () =>
      expect(await scenario.tracesOf(host)).toEqual([
        ...['bookings.calendar_block', 'bookings.calendar_feed', 'identity.listing_name'],
        ...['listings.host_name', 'listings.listing', 'listings.listing_search', 'listings.outbox_event'],
        ...['listings.place', 'listings.place_name'],
      ]),
    TIMEOUT,
  );
  await expectIncomplete(host);
  expect(scenario.photoFiles()).not.toEqual([]);

  process.kill(roost.child.pid ?? 0, 'SIGUSR2');
  for (const service of ENDED) await roost.prints(`${service} was restarted`);
  // The gateway may not yet have connected to them.
  await scenario.expectRefused(host);
  await scenario.complete(host);
  expect(await scenario.tracesOf(host)).toEqual([]);
  expect(scenario.photoFiles()).toEqual([]);
  await scenario.expectNoAvatar(host);
});

test('only the newest state of earlier names is in a topic, and a tombstone ends the key', async () => {
  for (const { id } of [scenario.guest, scenario.host]) {
    const own = await eventually(async () => {
      const messages = await topics.read();
      const found = messages.filter(({ topic, key }) => topic === 'identity.user' && key === id);
      expect(found.at(-1)?.value).toBeNull();
      return found;
    }, TIMEOUT);
    expect(own.filter(({ value }) => value === null)).toHaveLength(1);
    expect(JSON.parse(own.at(-2)?.value ?? '')).toMatchObject({ status: 'erased', completed: true });
  }
});

test('after a compaction no message of any topic contains personal data', async () => {
  const { guest, host } = scenario;
  const before = await topics.read();
  expect(topicsWith(guest, before)).toEqual(['identity.user']);
  expect(topicsWith(host, before)).toEqual(['identity.user', 'listings.listing']);
  await topics.compact();
  await eventually(
    async () => {
      const after = await topics.read();
      expect([...topicsWith(guest, after), ...topicsWith(host, after)]).toEqual([]);
      // The compaction deletes nothing else.
      expect(after.length).toBeGreaterThan(before.length / 4);
    },
    { seconds: 120 },
  );
});

test('the books agree', async () => {
  expect(await operator.json('ledger', 'check')).toMatchObject({ sound: true });
  await expectAgreement(operator);
});

test('a rebuild of projections from the compacted topics does not bring them back', async () => {
  for (const service of ['listings', 'bookings', 'payments', 'reviews'])
    await operator.json('replay', 'projections', service, '--yes');
  for (const person of [scenario.guest, scenario.host]) {
    expect(await scenario.tracesOf(person)).toEqual([]);
    await scenario.expectRefused(person);
  }
});
