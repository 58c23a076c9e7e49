import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, startRedis, type EmbeddedPostgres, type EmbeddedRedis } from '@roost/embedded';
import { applyTopics, kafkaClient, Outbox, plannedTopics, Transactions } from '@roost/messaging';
import {
  runsAllFaults,
  reservePort,
  testUser,
  eventually,
  startTestService,
  TestBroker,
  type TestService,
} from '@roost/testing';
import type { Consumer } from 'kafkajs';
import { bookings as definition } from '../src/service.js';
import { BookingsUnderTest, initialTime } from './bookings.fixture.js';

/** QUALITY.md, acceptance 7. */
const PUBLISHED_WITHIN_SECONDS = 60;
const BROKER_DOWN_SECONDS = runsAllFaults ? 300 : 20;
const WRITE_INTERVAL_MS = 50;

let folder: string;
let postgres: EmbeddedPostgres;
let redis: EmbeddedRedis;
let broker: TestBroker;
let service: TestService;
const bookings = new BookingsUnderTest(() => service);
let consumer: Consumer;
/** The ids of all events that Kafka has delivered. */
const received = new Set<string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roost-process-crash-'));
  [postgres, redis, broker] = await Promise.all([
    startDatabase(0),
    startCache(await reservePort()),
    TestBroker.start(),
  ]);
  const client = kafkaClient({ brokers: [broker.brokers], clientId: 'spec' });
  await applyTopics(client);
  service = await startTestService(definition, {
    env: {
      ROOST_MODE: 'distributed',
      KAFKA_BROKERS: broker.brokers,
      DATABASE_URL: postgres.url('roost_bookings'),
      REDIS_URL: redis.url,
      HOLD_TTL_MINUTES: '1',
    },
  });
  await service.clock.set(initialTime);
  consumer = client.consumer({ groupId: 'spec', retry: { retries: 1_000, maxRetryTime: 1_000 } });
  await consumer.connect();
  await consumer.subscribe({
    topics: plannedTopics().flatMap(({ name }) => (name.startsWith('bookings.') ? [name] : [])),
    fromBeginning: true,
  });
  await consumer.run({
    eachMessage: async ({ message }) => {
      received.add(String(message.headers?.ce_id));
      await Promise.resolve();
    },
  });
}, 240_000);

afterAll(async () => {
  await consumer?.disconnect();
  await service?.close();
  await Promise.all([broker?.close(), redis?.stop(), postgres?.stop()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 120_000);

const startDatabase = (port: number) => startPostgres({ dataDir: join(folder, 'postgres'), port });
const startCache = (port: number) => startRedis({ dataDir: join(folder, 'redis'), port });
const pidIn = (...file: string[]) => Number(readFileSync(join(folder, ...file), 'utf8').split('\n')[0]);

interface WriteOutcome {
  /** Keys of events in rolled-back transactions, which must never be published. */
  rolledBack: Set<string>;
  committed: number;
  failed: number;
}

/** Writes events until `stop()`; every third transaction is rolled back after its event was added. */
function startWriter(): { stop(): Promise<WriteOutcome> } {
  const outcome: WriteOutcome = { rolledBack: new Set(), committed: 0, failed: 0 };
  const transactions = service.get(Transactions);
  const outbox = service.get(Outbox);
  let running = true;
  const loop = async () => {
    for (let turn = 0; running; turn++) {
      const rollBack = turn % 3 === 2;
      const threadId = randomUUID();
      if (rollBack) outcome.rolledBack.add(threadId);
      try {
        await transactions.run(async (em) => {
          const body = {
            threadId,
            messageId: randomUUID(),
            bookingId: randomUUID(),
            senderId: randomUUID(),
            recipientId: randomUUID(),
          };
          await outbox.add(em, 'message.sent', body);
          if (rollBack) throw new RolledBack();
        });
        outcome.committed++;
      } catch (error) {
        if (!(error instanceof RolledBack)) outcome.failed++;
      }
      await new Promise((resolve) => setTimeout(resolve, WRITE_INTERVAL_MS));
    }
  };
  const done = loop();
  return {
    stop: async () => {
      running = false;
      await done;
      return outcome;
    },
  };
}

class RolledBack extends Error {}

/** Creates a booking over REST and returns its id. */
async function createBooking(): Promise<string> {
  const listing = await bookings.givenListing();
  const guest = testUser();
  const quote = await bookings.quote(guest, listing);
  expect(quote).toMatchObject({ status: 201 });
  const booking = await bookings.book(guest, quote.body.id);
  expect(booking).toMatchObject({ status: 201 });
  return booking.body.id;
}

/** Exactly the committed events are published. */
async function expectAllPublished(rolledBack: ReadonlySet<string>): Promise<void> {
  await eventually(
    async () => {
      const committed = await service.query<{ id: string }>('SELECT id FROM outbox_event');
      expect(committed.filter(({ id }) => !received.has(id))).toEqual([]);
    },
    { seconds: PUBLISHED_WITHIN_SECONDS },
  );
  const rows = await service.query<{ id: string; key: string }>('SELECT id, key FROM outbox_event');
  const committedIds = new Set(rows.map(({ id }) => id));
  expect([...received].filter((id) => !committedIds.has(id))).toEqual([]);
  expect(rows.filter(({ key }) => rolledBack.has(key))).toEqual([]);
}

async function waitSeconds(seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  await eventually(() => expect(performance.now()).toBeGreaterThan(until), { seconds: seconds + 30 });
}

test(`creates bookings while the broker is down for ${BROKER_DOWN_SECONDS} s and publishes their events afterwards`, async () => {
  await createBooking();
  await expectAllPublished(new Set());
  const before = received.size;
  const writer = startWriter();
  await broker.kill();
  const created = [await createBooking(), await createBooking()];
  await waitSeconds(BROKER_DOWN_SECONDS);
  created.push(await createBooking());
  const pending = await service.query<{ key: string }>('SELECT key FROM outbox_event WHERE key = ANY($1)', [
    created,
  ]);
  expect(pending.length).toBeGreaterThanOrEqual(created.length);
  await broker.restart();
  const { rolledBack, committed, failed } = await writer.stop();
  expect([committed, rolledBack.size].every((count) => count > 10)).toBe(true);
  expect(failed).toBe(0);
  await expectAllPublished(rolledBack);
  expect(received.size).toBeGreaterThanOrEqual(before + committed + created.length);
}, 900_000);

test.each<[string, NodeJS.Signals]>([
  ['crashes', 'SIGKILL'],
  ['restarts', 'SIGINT'],
])(
  'publishes exactly the committed events when the database %s under load',
  async (_event, signal) => {
    const writer = startWriter();
    await createBooking();
    process.kill(pidIn('postgres', 'data', 'postmaster.pid'), signal);
    await postgres.ended;
    await postgres.stop();
    postgres = await startDatabase(postgres.port);
    // The service reconnects without a restart.
    await eventually(async () => expect((await service.anonymous.get('/health/ready')).status).toBe(200), {
      seconds: 60,
    });
    await eventually(createBooking, { seconds: 30 });
    const { rolledBack, committed } = await writer.stop();
    expect(committed).toBeGreaterThan(0);
    await expectAllPublished(rolledBack);
  },
  240_000,
);

test('keeps writing when Redis loses its data, and processes due bookings afterwards', async () => {
  const port = redis.port ?? 0;
  const writer = startWriter();
  const booking = await createBooking();
  process.kill(pidIn('redis', 'redis.pid'), 'SIGKILL');
  await redis.ended;
  await redis.stop();
  rmSync(join(folder, 'redis', 'appendonlydir'), { recursive: true, force: true });
  await waitSeconds(3);
  redis = await startCache(port);
  await eventually(async () => expect((await service.anonymous.get('/health/ready')).status).toBe(200), {
    seconds: 60,
  });
  const { rolledBack, failed } = await writer.stop();
  expect(failed).toBe(0);
  // The hold expires by real time, in a job that the service registers again in the new Redis.
  await eventually(
    async () => {
      const [row] = await service.query<{ state: string }>('SELECT state FROM booking WHERE id = $1', [
        booking,
      ]);
      expect(row?.state).toBe('expired');
    },
    { seconds: 120 },
  );
  await expectAllPublished(rolledBack);
}, 300_000);
