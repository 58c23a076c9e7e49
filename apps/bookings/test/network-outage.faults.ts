import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, type EmbeddedKafka } from '@roost/embedded';
import { applyTopics, envelopeOf, KafkaBus, kafkaClient } from '@roost/messaging';
import {
  runsAllFaults,
  reservePort,
  testUser,
  eventually,
  freshDatabase,
  freshRedis,
  startTestService,
  TestProxy,
  type TestService,
} from '@roost/testing';
import { bookings as definition } from '../src/service.js';
import { BookingsUnderTest } from './bookings.fixture.js';

/** The short version shares its machine with other specs. */
const SLOWNESS = runsAllFaults ? 1 : 3;
/** QUALITY.md, acceptance 12. */
const DETECTION_SECONDS = 10 * SLOWNESS;
const RECOVERY_SECONDS = 30 * SLOWNESS;
/** Longer than every time-out and than several attempts to reconnect. */
const OUTAGE_SECONDS = runsAllFaults ? 45 : 5;
/** A health check times out after 2 s, a member of a consumer group after 8 s. */
const DELAY_MS = { database: 3_000, redis: 3_000, kafka: 12_000 };

type Part = 'database' | 'redis' | 'kafka';
const faults = {
  'reset connections': (part: Part) => proxies[part].cut(),
  'a delay beyond the time-outs': (part: Part) => proxies[part].delay(DELAY_MS[part]),
  'lost packets': (part: Part) => proxies[part].lose(),
};

let folder: string;
let kafka: EmbeddedKafka;
let proxies: Record<Part, TestProxy>;
let service: TestService;
const bookings = new BookingsUnderTest(() => service);
/** The publishing side of another service. */
let listings: KafkaBus;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roost-network-outage-'));
  const port = await reservePort();
  const kafkaProxy = await TestProxy.to(`tcp://127.0.0.1:${port}`);
  proxies = {
    database: await TestProxy.to(await freshDatabase('roost_bookings')),
    redis: await TestProxy.to(await freshRedis()),
    kafka: kafkaProxy,
  };
  // The advertised port leads clients through the proxy.
  kafka = await startKafka({ dataDir: folder, port, advertisedPort: kafkaProxy.port, temporary: true });
  const brokers = `127.0.0.1:${kafkaProxy.port}`;
  const prefix = `t${randomBytes(6).toString('hex')}.`;
  await applyTopics(kafkaClient({ brokers: [brokers], clientId: 'spec' }), { prefix });
  service = await startTestService(definition, {
    env: {
      ROOST_MODE: 'distributed',
      KAFKA_BROKERS: brokers,
      KAFKA_PREFIX: prefix,
      DATABASE_URL: proxies.database.url,
      REDIS_URL: proxies.redis.url,
    },
  });
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  listings = new KafkaBus({ service: 'listings', brokers: [brokers], prefix, logger });
}, 180_000);
afterAll(async () => {
  for (const proxy of Object.values(proxies ?? {})) proxy.mend();
  await listings?.close();
  await service?.close();
  for (const proxy of Object.values(proxies ?? {})) proxy.close();
  await kafka?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const readiness = () => service.anonymous.get<{ parts: Record<string, string> }>('/health/ready');

async function expectLive(): Promise<void> {
  expect((await service.anonymous.get('/health/live')).status).toBe(200);
}

async function expectReady(seconds: number): Promise<void> {
  await eventually(
    async () => {
      await expectLive();
      expect((await readiness()).body).toMatchObject({
        parts: { database: 'up', redis: 'up', kafka: 'up' },
      });
    },
    { seconds },
  );
}

/** Consumes an event and creates a booking, whose event is published. */
async function expectWorking(): Promise<void> {
  const { body } = await bookings.givenListing();
  const listing = { ...body, listingId: randomUUID() };
  const event = envelopeOf('listing.published', listing, { source: 'listings', version: 1 });
  for (const sink of listings.sinks())
    await new Promise<void>((resolve) => sink.send(event, () => resolve()));
  const guest = testUser();
  const quote = await eventually(
    async () => {
      const response = await bookings.quote(guest, { id: listing.listingId });
      expect(response.status).toBe(201);
      return response.body;
    },
    { seconds: 20 },
  );
  expect((await bookings.book(guest, quote.id)).status).toBe(201);
}

/** All committed events are published. */
async function expectPublished(seconds: number): Promise<void> {
  await eventually(
    async () => {
      const [row] = await service.query<{ pending: number }>(
        `SELECT count(*)::int AS pending FROM outbox_event
         WHERE (xid, id) > (SELECT xid, id FROM outbox_cursor WHERE sink = 'kafka')`,
      );
      expect(row?.pending).toBe(0);
    },
    { seconds },
  );
}

const parts: Part[] = ['database', 'redis', 'kafka'];
describe.each(parts)('%s', (part) => {
  test.each(Object.entries(faults))(
    `%s: not ready within ${DETECTION_SECONDS} s, live throughout, ready again within ${RECOVERY_SECONDS} s`,
    async (_name, inject) => {
      await expectReady(60);
      await expectWorking();
      inject(part);
      await eventually(
        async () => {
          await expectLive();
          const { status, body } = await readiness();
          expect({ status, part: body.parts[part] }).toEqual({ status: 503, part: 'down' });
        },
        { seconds: DETECTION_SECONDS },
      );
      const until = performance.now() + OUTAGE_SECONDS * 1000;
      await eventually(
        async () => {
          await expectLive();
          expect((await readiness()).status).toBe(503);
          expect(performance.now()).toBeGreaterThan(until);
        },
        { seconds: OUTAGE_SECONDS + 10 },
      );
      proxies[part].mend();
      await expectReady(RECOVERY_SECONDS);
      await expectWorking();
      await expectPublished(60);
    },
    480_000,
  );
});
