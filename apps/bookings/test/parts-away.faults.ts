import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedKafka, startKafka } from '@roost/embedded';
import { applyTopics, envelopeOf, KafkaBus, kafkaClient } from '@roost/messaging';
import {
  allFaults,
  aPort,
  aUser,
  eventually,
  freshDatabase,
  freshRedis,
  startTestService,
  type TestService,
  Wire,
} from '@roost/testing';
import { bookings } from '../src/service.js';
import { BookingsUnderTest } from './bookings.fixture.js';

/** The short version shares its machine with other specs. */
const PATIENCE = allFaults ? 1 : 3;
/** QUALITY.md, acceptance 12. */
const SEEN_WITHIN_SECONDS = 10 * PATIENCE;
const BACK_WITHIN_SECONDS = 30 * PATIENCE;
/** Longer than anybody waits for anything: time-outs strike, and what reconnects has given up more than once. */
const AWAY_SECONDS = allFaults ? 45 : 5;
/** A check has two seconds; a member of a group is taken for dead after eight. */
const SLOW_MS = { database: 3_000, redis: 3_000, kafka: 12_000 };

type Part = 'database' | 'redis' | 'kafka';
const faults = {
  'reset by its wire': (part: Part) => wires[part].cut(),
  'too far away': (part: Part) => wires[part].delay(SLOW_MS[part]),
  'lost behind its wire': (part: Part) => wires[part].lose(),
};

let folder: string;
let kafka: EmbeddedKafka;
let wires: Record<Part, Wire>;
let service: TestService;
let given: BookingsUnderTest;
/** Another service, at the other end of Kafka. */
let listings: KafkaBus;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roost-parts-away-'));
  const port = await aPort();
  const kafkaWire = await Wire.to(`tcp://127.0.0.1:${port}`);
  wires = {
    database: await Wire.to(await freshDatabase('roost_bookings')),
    redis: await Wire.to(await freshRedis()),
    kafka: kafkaWire,
  };
  // The broker tells its clients to come over the wire.
  kafka = await startKafka({ dataDir: folder, port, advertisedPort: kafkaWire.port, temporary: true });
  const brokers = `127.0.0.1:${kafkaWire.port}`;
  const prefix = `t${randomBytes(6).toString('hex')}.`;
  await applyTopics(kafkaClient({ brokers: [brokers], clientId: 'spec' }), { prefix });
  service = await startTestService(bookings, {
    env: {
      ROOST_MODE: 'distributed',
      KAFKA_BROKERS: brokers,
      KAFKA_PREFIX: prefix,
      DATABASE_URL: wires.database.url,
      REDIS_URL: wires.redis.url,
    },
  });
  given = new BookingsUnderTest(service);
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  listings = new KafkaBus({ service: 'listings', brokers: [brokers], prefix, logger });
}, 180_000);
afterAll(async () => {
  for (const wire of Object.values(wires ?? {})) wire.mend();
  await listings?.close();
  await service?.close();
  for (const wire of Object.values(wires ?? {})) wire.close();
  await kafka?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const readiness = () => service.anonymous.get<{ parts: Record<string, string> }>('/health/ready');

async function alive(): Promise<void> {
  expect((await service.anonymous.get('/health/live')).status).toBe(200);
}

async function ready(seconds: number): Promise<void> {
  await eventually(
    async () => {
      await alive();
      expect((await readiness()).body).toMatchObject({
        parts: { database: 'up', redis: 'up', kafka: 'up' },
      });
    },
    { seconds },
  );
}

/** An event from the broker to a handler, and a write whose event goes to the broker: the service works again. */
async function works(): Promise<void> {
  const { body } = await given.givenListing();
  const listing = { ...body, listingId: randomUUID() };
  const event = envelopeOf('listing.published', listing, { source: 'listings', version: 1 });
  for (const sink of listings.sinks())
    await new Promise<void>((settled) => sink.send(event, () => settled()));
  const guest = aUser();
  const quote = await eventually(
    async () => {
      const answer = await given.quote(guest, { id: listing.listingId });
      expect(answer.status).toBe(201);
      return answer.body;
    },
    { seconds: 20 },
  );
  expect((await given.as(guest).post('/v1/bookings', { quoteId: quote.id })).status).toBe(201);
}

/** Nothing of what was committed is still waiting for the broker. */
async function published(seconds: number): Promise<void> {
  await eventually(
    async () => {
      const [row] = await service.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM outbox_event
         WHERE (xid, id) > (SELECT xid, id FROM outbox_cursor WHERE sink = 'kafka')`,
      );
      expect(row?.waiting).toBe(0);
    },
    { seconds },
  );
}

const parts: Part[] = ['database', 'redis', 'kafka'];
describe.each(parts)('%s', (part) => {
  test.each(Object.entries(faults))(
    `%s: seen within ${SEEN_WITHIN_SECONDS} s, alive all the time, ready again within ${BACK_WITHIN_SECONDS} s without a restart`,
    async (_what, strike) => {
      await ready(60);
      await works();
      strike(part);
      await eventually(
        async () => {
          await alive();
          const { status, body } = await readiness();
          expect({ status, part: body.parts[part] }).toEqual({ status: 503, part: 'down' });
        },
        { seconds: SEEN_WITHIN_SECONDS },
      );
      const until = performance.now() + AWAY_SECONDS * 1000;
      await eventually(
        async () => {
          await alive();
          expect((await readiness()).status).toBe(503);
          expect(performance.now()).toBeGreaterThan(until);
        },
        { seconds: AWAY_SECONDS + 10 },
      );
      wires[part].mend();
      await ready(BACK_WITHIN_SECONDS);
      await works();
      await published(60);
    },
    480_000,
  );
});
