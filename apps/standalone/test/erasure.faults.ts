import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { kafkaClient } from '@roost/messaging';
import { eventually, TestClient } from '@roost/testing';
import { ErasureScenario, type Person } from './erasure.fixture.js';
import { DISTRIBUTED, type Env, freshEnvironment, type Run, run, stopAll } from './launcher.js';
import { Operator } from './operator.fixture.js';

jest.setTimeout(600_000);

const STOPPED = ['payments', 'reviews'];

let env: Env;
let roost: Run;
let operator: Operator;
let scenario: ErasureScenario;
beforeAll(async () => {
  env = { ...(await freshEnvironment()), RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' };
  roost = run(env, DISTRIBUTED);
  await roost.prints('Ctrl-C stops everything.');
  operator = new Operator(env);
  scenario = await ErasureScenario.prepare(env, operator, new TestClient(`http://127.0.0.1:${env.PORT}`));
});
afterAll(async () => {
  signal('SIGCONT');
  operator?.stop();
  await stopAll();
});

/** Suspends the processes of these services, or lets them run again. */
function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const service of STOPPED) {
    const started = new RegExp(`${service} on port \\d+ \\(process (\\d+)\\)`).exec(roost.output());
    process.kill(Number(started?.[1]), name);
  }
}

const tracesOf = ({ email, displayName, word }: Person) =>
  scenario.tablesWith(email, email.replace(/^dev-|@.*$/g, ''), displayName, word);

interface Message {
  topic: string;
  key: string;
  value: string | null;
}

/** All messages of all topics, in the order of each partition. */
async function readAllTopics(): Promise<Message[]> {
  const client = kafkaClient({ brokers: [`127.0.0.1:${env.KAFKA_PORT}`], clientId: 'erasure-spec' });
  const admin = client.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((name) => !name.startsWith('__'));
  const unread = new Set<string>();
  const ends = new Map<string, bigint>();
  for (const topic of topics)
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      ends.set(`${topic}/${partition}`, BigInt(high));
      if (high !== low) unread.add(`${topic}/${partition}`);
    }
  await admin.disconnect();
  const found: Message[] = [];
  const consumer = client.consumer({ groupId: `erasure-spec-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ topic, partition, message }) => {
      found.push({ topic, key: String(message.key), value: message.value?.toString() ?? null });
      const position = `${topic}/${partition}`;
      if (BigInt(message.offset) + 1n >= (ends.get(position) ?? 0n)) unread.delete(position);
      return Promise.resolve();
    },
  });
  await eventually(async () => expect([...unread]).toEqual([]), { seconds: 60 });
  await consumer.disconnect();
  return found;
}

test('services that are stopped when a guest is erased erase them afterwards', async () => {
  const { guest } = scenario;
  signal('SIGSTOP');
  await scenario.erase(guest);
  await eventually(
    async () =>
      expect(await tracesOf(guest)).toEqual([
        'payments.party_name',
        'reviews.author',
        'reviews.review_report',
      ]),
    { seconds: 60 },
  );
  const [request] = await operator.query<{ done: boolean }>(
    'identity',
    'SELECT completed_at IS NOT NULL AS done FROM erasure_request WHERE user_id = $1',
    [guest.id],
  );
  expect(request).toEqual({ done: false });

  signal('SIGCONT');
  await scenario.complete(guest);
  expect(await tracesOf(guest)).toEqual([]);
});

test('no message contains the mail address; a tombstone ends the key with the name', async () => {
  const { guest } = scenario;
  const messages = await eventually(
    async () => {
      const read = await readAllTopics();
      expect(read.some(({ key, value }) => key === guest.id && value === null)).toBe(true);
      return read;
    },
    { seconds: 60 },
  );
  expect(messages.filter(({ value }) => value?.includes(guest.email))).toEqual([]);
  expect(messages.filter(({ value }) => value?.includes(guest.word))).toEqual([]);
  // The broker deletes earlier messages of the key when it compacts the topic.
  const named = messages.filter(({ value }) => value?.includes(guest.displayName));
  expect(new Set(named.map(({ topic, key }) => `${topic} ${key}`))).toEqual(
    new Set([`identity.user ${guest.id}`]),
  );
  const own = messages.filter(({ topic, key }) => topic === 'identity.user' && key === guest.id);
  expect(own.at(-1)?.value).toBeNull();
  expect(own.filter(({ value }) => value === null)).toHaveLength(1);
  expect(JSON.parse(own.at(-2)?.value ?? '')).toMatchObject({ status: 'erased', completed: true });
});

test('a rebuild of projections from the topic with the earlier name does not bring the guest back', async () => {
  const { guest } = scenario;
  for (const service of ['listings', 'bookings', 'payments', 'reviews'])
    await operator.json('replay', 'projections', service, '--yes');
  expect(await tracesOf(guest)).toEqual([]);
  await scenario.expectRefused(guest);
});
