import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@roost/embedded';
import { applyTopics, kafkaClient, Outbox, plannedTopics, Transactions } from '@roost/messaging';
import {
  allFaults,
  aPort,
  aUser,
  eventually,
  startTestService,
  TestBroker,
  type TestService,
} from '@roost/testing';
import type { Consumer } from 'kafkajs';
import { bookings } from '../src/service.js';
import { BookingsUnderTest, start } from './bookings.fixture.js';

/** QUALITY.md, acceptance 7. */
const PUBLISHED_WITHIN_SECONDS = 60;
const BROKER_DOWN_SECONDS = allFaults ? 300 : 20;
const EVERY_MS = 50;

let folder: string;
let postgres: EmbeddedPostgres;
let redis: EmbeddedRedis;
let broker: TestBroker;
let service: TestService;
let given: BookingsUnderTest;
let listener: Consumer;
/** The ids of all events that have come out of Kafka. */
const heard = new Set<string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roost-parts-die-'));
  [postgres, redis, broker] = await Promise.all([
    startDatabase(0),
    startCache(await aPort()),
    TestBroker.start(),
  ]);
  const client = kafkaClient({ brokers: [broker.brokers], clientId: 'spec' });
  await applyTopics(client);
  service = await startTestService(bookings, {
    env: {
      ROOST_MODE: 'distributed',
      KAFKA_BROKERS: broker.brokers,
      DATABASE_URL: postgres.url('roost_bookings'),
      REDIS_URL: redis.url,
      HOLD_TTL_MINUTES: '1',
    },
  });
  await service.clock.set(start);
  given = new BookingsUnderTest(service);
  listener = client.consumer({ groupId: 'spec', retry: { retries: 1_000, maxRetryTime: 1_000 } });
  await listener.connect();
  await listener.subscribe({
    topics: plannedTopics().flatMap(({ name }) => (name.startsWith('bookings.') ? [name] : [])),
    fromBeginning: true,
  });
  await listener.run({
    eachMessage: async ({ message }) => {
      heard.add(String(message.headers?.ce_id));
      await Promise.resolve();
    },
  });
}, 240_000);

afterAll(async () => {
  await listener?.disconnect();
  await service?.close();
  await Promise.all([broker?.close(), redis?.stop(), postgres?.stop()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 120_000);

const startDatabase = (port: number) => startPostgres({ dataDir: join(folder, 'postgres'), port });
const startCache = (port: number) => startRedis({ dataDir: join(folder, 'redis'), port });
const pidIn = (...file: string[]) => Number(readFileSync(join(folder, ...file), 'utf8').split('\n')[0]);

interface Written {
  /** Keys of what was rolled back: none of it may ever be heard. */
  undone: Set<string>;
  committed: number;
  refused: number;
}

/** Writes facts until it is told to stop; every third transaction is rolled back after its event was added. */
function writing(): { stop(): Promise<Written> } {
  const outcome: Written = { undone: new Set(), committed: 0, refused: 0 };
  const transactions = service.get(Transactions);
  const outbox = service.get(Outbox);
  let going = true;
  const loop = async () => {
    for (let turn = 0; going; turn++) {
      const undo = turn % 3 === 2;
      const threadId = randomUUID();
      if (undo) outcome.undone.add(threadId);
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
          if (undo) throw new RolledBack();
        });
        outcome.committed++;
      } catch (error) {
        if (!(error instanceof RolledBack)) outcome.refused++;
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  };
  const done = loop();
  return {
    stop: async () => {
      going = false;
      await done;
      return outcome;
    },
  };
}

class RolledBack extends Error {}

/** A booking over REST: its events are committed beside its nights. */
async function aBooking(): Promise<string> {
  const listing = await given.givenListing();
  const guest = aUser();
  const quote = await given.quote(guest, listing);
  expect(quote).toMatchObject({ status: 201 });
  const booking = await given.as(guest).post<{ id: string }>('/v1/bookings', { quoteId: quote.body.id });
  expect(booking).toMatchObject({ status: 201 });
  return booking.body.id;
}

/** Every event that the database has is heard, and nothing else. */
async function allPublished(undone: ReadonlySet<string>): Promise<void> {
  await eventually(
    async () => {
      const committed = await service.query<{ id: string }>('SELECT id FROM outbox_event');
      expect(committed.filter(({ id }) => !heard.has(id))).toEqual([]);
    },
    { seconds: PUBLISHED_WITHIN_SECONDS },
  );
  const rows = await service.query<{ id: string; key: string }>('SELECT id, key FROM outbox_event');
  const known = new Set(rows.map(({ id }) => id));
  expect([...heard].filter((id) => !known.has(id))).toEqual([]);
  expect(rows.filter(({ key }) => undone.has(key))).toEqual([]);
}

async function forSeconds(seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  await eventually(() => expect(performance.now()).toBeGreaterThan(until), { seconds: seconds + 30 });
}

test(`the broker is down for ${BROKER_DOWN_SECONDS} s: bookings are made, and all of it is published once it is back`, async () => {
  await aBooking();
  await allPublished(new Set());
  const before = heard.size;
  const writer = writing();
  await broker.kill();
  const made = [await aBooking(), await aBooking()];
  await forSeconds(BROKER_DOWN_SECONDS);
  made.push(await aBooking());
  const waiting = await service.query<{ key: string }>('SELECT key FROM outbox_event WHERE key = ANY($1)', [
    made,
  ]);
  expect(waiting.length).toBeGreaterThanOrEqual(made.length);
  await broker.startAgain();
  const { undone, committed, refused } = await writer.stop();
  expect([committed, undone.size].every((count) => count > 10)).toBe(true);
  expect(refused).toBe(0);
  await allPublished(undone);
  expect(heard.size).toBeGreaterThanOrEqual(before + committed + made.length);
}, 900_000);

test.each<[string, NodeJS.Signals]>([
  ['dies', 'SIGKILL'],
  ['is restarted', 'SIGINT'],
])(
  'the database %s under load: what was committed is published, what was not is not',
  async (_how, signal) => {
    const writer = writing();
    await aBooking();
    process.kill(pidIn('postgres', 'data', 'postmaster.pid'), signal);
    await postgres.ended;
    await postgres.stop();
    postgres = await startDatabase(postgres.port);
    // It goes on by itself.
    await eventually(async () => expect((await service.anonymous.get('/health/ready')).status).toBe(200), {
      seconds: 60,
    });
    await eventually(aBooking, { seconds: 30 });
    const { undone, committed } = await writer.stop();
    expect(committed).toBeGreaterThan(0);
    await allPublished(undone);
  },
  240_000,
);

test('Redis is lost with all it had: writes go on, and due work is done once it is back', async () => {
  const port = redis.port ?? 0;
  const writer = writing();
  const booking = await aBooking();
  process.kill(pidIn('redis', 'redis.pid'), 'SIGKILL');
  await redis.ended;
  await redis.stop();
  rmSync(join(folder, 'redis', 'appendonlydir'), { recursive: true, force: true });
  await forSeconds(3);
  redis = await startCache(port);
  await eventually(async () => expect((await service.anonymous.get('/health/ready')).status).toBe(200), {
    seconds: 60,
  });
  const { undone, refused } = await writer.stop();
  expect(refused).toBe(0);
  // The hold ends by real time, woken by a job that the new Redis knows nothing of until it is told.
  await eventually(
    async () => {
      const [row] = await service.query<{ state: string }>('SELECT state FROM booking WHERE id = $1', [
        booking,
      ]);
      expect(row?.state).toBe('expired');
    },
    { seconds: 120 },
  );
  await allPublished(undone);
}, 300_000);
