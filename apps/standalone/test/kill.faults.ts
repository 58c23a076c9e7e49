import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyTopics, envelopeOf, KafkaBus, kafkaClient } from '@roost/messaging';
import { DEFAULT_STAY_RULES, PriceRules } from '@roost/pricing';
import { addDays } from '@roost/stay';
import {
  allFaults,
  aPort,
  aUser,
  eventually,
  freshDatabase,
  freshKafka,
  freshRedis,
  ISSUER,
  TestClient,
  testJwksUrl,
} from '@roost/testing';
import pg from 'pg';
import { type Databases, unfinished, violations } from './kill/books.js';
import { chanceOf, Mortal } from './kill/mortal.js';

/** QUALITY.md, acceptance 3: three seeds, 20 with ROOST_FAULTS=all. */
const SEEDS = Array.from({ length: allFaults ? 20 : 3 }, (_, n) => n + 1);
/** The short version shares its machine with other specs. */
const CONVERGED_WITHIN_SECONDS = allFaults ? 60 : 180;
const AT_ONCE = 4;
const MOST_WAVES = 30;

/** Every boundary of a step, and how late in a life at most. */
const BOUNDARIES: [string, number][] = [
  ['bookings.before-commit', 12],
  ['bookings.after-commit', 12],
  ['bookings.after-handler', 4],
  ['bookings.after-publish', 4],
  ['bookings.before-offsets', 4],
  ['payments.before-commit', 12],
  ['payments.after-commit', 12],
  ['payments.before-provider', 4],
  ['payments.after-provider', 4],
  ['payments.after-capture', 2],
  ['payments.before-webhook-handled', 3],
  ['payments.after-handler', 4],
  ['payments.after-publish', 4],
  ['payments.before-offsets', 4],
];

type Plan = 'pay' | 'pay, then cancel' | 'cancel while paying' | 'cancel';
const PLANS: Plan[] = ['pay', 'pay', 'pay, then cancel', 'cancel while paying', 'cancel'];
const SECRET = 'a-webhook-secret-of-the-specs';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'roost-kill-'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

class World {
  readonly databases: Databases;
  readonly planned: { bookingId: string; plan: Plan }[] = [];
  readonly listingId = randomUUID();

  private constructor(
    readonly processes: Record<'bookings' | 'payments' | 'sandbox' | 'gateway', Mortal>,
    databaseUrls: Record<keyof Databases, string>,
    private readonly listings: KafkaBus,
  ) {
    const pool = (connectionString: string) => new pg.Pool({ connectionString, max: 2 });
    this.databases = {
      bookings: pool(databaseUrls.bookings),
      payments: pool(databaseUrls.payments),
      sandbox: pool(databaseUrls.sandbox),
    };
  }

  static async open(faults: Record<'bookings' | 'payments', string[]>): Promise<World> {
    const { brokers, prefix } = await freshKafka();
    await applyTopics(kafkaClient({ brokers: brokers.split(','), clientId: 'spec' }), { prefix });
    const urls = {
      bookings: await freshDatabase('roost_bookings'),
      payments: await freshDatabase('roost_payments'),
      sandbox: await freshDatabase('roost_sandbox'),
    };
    const redisUrl = await freshRedis();
    const at = async () => `http://127.0.0.1:${await aPort()}`;
    const [bookings, payments, sandbox, gateway] = await Promise.all([at(), at(), at(), at()]);
    const env = {
      ROOST_ENV: 'test',
      ROOST_MODE: 'distributed',
      ROOST_DATA_DIR: dataDir,
      KAFKA_BROKERS: brokers,
      KAFKA_PREFIX: prefix,
      REDIS_URL: redisUrl,
      REDIS_PREFIX: `roost:${new URL(redisUrl).pathname.slice(1)}`,
      JWKS_URL: testJwksUrl(),
      JWT_ISSUER: ISSUER,
      LOG_LEVEL: 'fatal',
      RATE_LIMIT_PER_MINUTE: '0',
      METRICS_PORT: '0',
      BOOKINGS_URL: bookings,
      PAYMENTS_URL: payments,
      SANDBOX_URL: sandbox,
      SANDBOX_WEBHOOK_SECRET: SECRET,
      SANDBOX_WEBHOOK_URL: `${payments}/v1/webhooks/sandbox`,
      // A claim of the dead is given up soon.
      PROVIDER_TIMEOUT_SECONDS: '3',
      PAYMENT_CHECK_SECONDS: '1',
    };
    const processes = {
      sandbox: new Mortal('sandbox', { ...env, DATABASE_URL: urls.sandbox }, sandbox),
      bookings: new Mortal('bookings', { ...env, DATABASE_URL: urls.bookings }, bookings, faults.bookings),
      payments: new Mortal('payments', { ...env, DATABASE_URL: urls.payments }, payments, faults.payments),
      gateway: new Mortal('gateway', env, gateway),
    };
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const listings = new KafkaBus({ service: 'listings', brokers: brokers.split(','), prefix, logger });
    const world = new World(processes, urls, listings);
    await Promise.all(Object.values(processes).map((each) => each.start()));
    await world.publishListing();
    return world;
  }

  async close(): Promise<void> {
    await this.listings.close();
    await Promise.all(Object.values(this.processes).map((each) => each.stop()));
    await Promise.all(Object.values(this.databases).map((pool: pg.Pool) => pool.end()));
  }

  /** One guest from quote to the end of the plan, who asks again whenever nobody has answered. */
  async live(plan: Plan, number: number): Promise<void> {
    const { token } = aUser();
    const guest = new TestClient(this.processes.gateway.url, { authorization: `Bearer ${token}` });
    const checkInDate = addDays('2027-02-01', (number % 300) * 1);
    const quoteId = await insist(async () => {
      const quote = await guest.post<{ id: string }>('/v1/quotes', {
        listingId: this.listingId,
        checkInDate,
        checkOutDate: addDays(checkInDate, 1),
        guests: { adults: 2 },
      });
      expect(quote.status).toBe(201);
      return quote.body.id;
    });
    const key = { 'idempotency-key': randomUUID() };
    const id = await insist(async () => {
      const booking = await guest.post<{ id: string }>('/v1/bookings', { quoteId }, key);
      expect(booking.status).toBe(201);
      return booking.body.id;
    });
    this.planned.push({ bookingId: id, plan });
    const paid = plan === 'cancel' ? Promise.resolve() : pay(guest, id, plan);
    if (plan === 'pay, then cancel') await paid;
    if (plan !== 'pay') await cancel(guest, id);
    await paid;
  }

  /** Since when the one that died last lives again. */
  get livesSince(): number {
    return Math.max(...Object.values(this.processes).map(({ livesSince }) => livesSince));
  }

  async states(): Promise<{ plan: Plan; state: string | undefined }[]> {
    const { rows } = await this.databases.bookings.query<{ id: string; state: string }>(
      'SELECT id, state FROM booking',
    );
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    return this.planned.map(({ bookingId, plan }) => ({ plan, state: states.get(bookingId) }));
  }

  private async publishListing(): Promise<void> {
    const event = envelopeOf(
      'listing.published',
      {
        listingId: this.listingId,
        hostId: randomUUID(),
        status: 'published',
        title: 'A flat that outlives everything',
        city: 'Gent',
        countryCode: 'BE',
        timeZone: 'Europe/Brussels',
        checkInFrom: '15:00',
        checkOutUntil: '11:00',
        currency: 'EUR',
        bookingMode: 'instant',
        capacity: 4,
        maxPets: 0,
        pricing: PriceRules.parse({ basePriceMinor: 10_000 }),
        stayRules: { ...DEFAULT_STAY_RULES },
        cancellationPolicy: 'flexible',
        coverUrl: null,
      },
      { source: 'listings', version: 1 },
    );
    for (const sink of this.listings.sinks()) {
      await new Promise<void>((settled) => sink.send(event, () => settled()));
    }
  }
}

const insist = <T>(step: () => Promise<T>): Promise<T> => eventually(step, { seconds: 180 });

async function pay(guest: TestClient, bookingId: string, plan: Plan): Promise<void> {
  const key = { 'idempotency-key': randomUUID() };
  await insist(async () => {
    const booking = await guest.get<{ state: string }>(`/v1/bookings/${bookingId}`);
    expect(booking.status).toBe(200);
    if (plan === 'cancel while paying' && booking.body.state === 'cancelled') return;
    const due = await guest.get<{ id: string; status: string }>(`/v1/bookings/${bookingId}/payment`);
    expect(due.status).toBe(200);
    if (!['requires_payment_method', 'requires_action', 'processing'].includes(due.body.status)) return;
    const answer = await guest.post(
      `/v1/payments/${due.body.id}/confirm`,
      { paymentMethod: 'pm_card_visa' },
      key,
    );
    expect([200, 409]).toContain(answer.status);
    expect(answer.status).toBe(200);
  });
}

async function cancel(guest: TestClient, bookingId: string): Promise<void> {
  await insist(async () => {
    const answer = await guest.post(`/v1/bookings/${bookingId}/cancel`, { reason: 'Plans changed' });
    const { body } = await guest.get<{ state: string }>(`/v1/bookings/${bookingId}`);
    expect({ status: answer.status, state: body.state }).toMatchObject({ state: 'cancelled' });
  });
}

/** Where the lives of this seed end: a different part of all boundaries for each, all of them in the long version. */
function faultsOf(seed: number, chance: () => number): Record<'bookings' | 'payments', string[]> {
  const share = allFaults
    ? BOUNDARIES
    : BOUNDARIES.filter((_, n) => n % SEEDS.length === seed % SEEDS.length);
  const drawn = share
    .map(([point, latest]) => ({ at: chance(), fault: `${point}:kill#${1 + Math.floor(chance() * latest)}` }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ fault }) => fault);
  return {
    bookings: drawn.filter((fault) => fault.startsWith('bookings.')),
    payments: drawn.filter((fault) => fault.startsWith('payments.')),
  };
}

/** Wrongs done to books that were right are found. */
async function theCheckerSees(databases: Databases): Promise<void> {
  const { rows } = await databases.sandbox.query<{ intent: string; booking: string }>(
    `INSERT INTO book_entry (intent_id, kind, amount_minor, currency)
     SELECT e.intent_id, 'charge', e.amount_minor, e.currency FROM book_entry e WHERE kind = 'charge' LIMIT 1
     RETURNING intent_id AS intent, (SELECT metadata->>'bookingId' FROM intent WHERE id = intent_id) AS booking`,
  );
  const [twice] = rows;
  expect(twice).toBeDefined();
  expect(await violations(databases)).toMatchObject({
    doubleCharges: [twice?.booking],
    unlikeOurBooks: [twice?.intent],
  });
  await databases.payments.query('UPDATE payment SET provider_ref = NULL WHERE provider_ref = $1', [
    twice?.intent,
  ]);
  expect(await violations(databases)).toMatchObject({ orphanCharges: [twice?.intent] });
  await databases.sandbox.query("DELETE FROM book_entry WHERE kind = 'charge'");
  const unpaid = await databases.bookings.query("SELECT FROM booking WHERE state = 'confirmed'");
  expect((await violations(databases)).confirmedUnpaid).toHaveLength(unpaid.rowCount ?? -1);
}

test.each(SEEDS)(
  'kill -9 at every boundary, seed %i: all converge, and nobody pays twice, for nothing, or in vain',
  async (seed) => {
    const chance = chanceOf(seed);
    const faults = faultsOf(seed, chance);
    const deathsPlanned = faults.bookings.length + faults.payments.length;
    const world = await World.open(faults);
    const { bookings, payments, sandbox, gateway } = world.processes;
    try {
      let number = 0;
      for (let wave = 0; faults.bookings.length + faults.payments.length > 0; wave++) {
        if (wave === MOST_WAVES) throw new Error(`never reached: ${JSON.stringify(faults)}`);
        const plans = Array.from(
          { length: AT_ONCE },
          () => PLANS[Math.floor(chance() * PLANS.length)] ?? 'pay',
        );
        const lives = plans.map((plan) => world.live(plan, number++));
        // Those without named boundaries die in the middle of something.
        if (chance() < 0.3) setTimeout(() => (chance() < 0.5 ? sandbox : gateway).kill(), chance() * 1000);
        await Promise.all(lives);
      }
      await Promise.all([bookings, payments, sandbox, gateway].map((each) => each.settled()));
      const left = CONVERGED_WITHIN_SECONDS - (performance.now() - world.livesSince) / 1000;
      await eventually(
        async () => {
          expect(await unfinished(world.databases)).toEqual({});
          expect(await world.states()).toEqual(
            world.planned.map(({ plan }) => ({ plan, state: plan === 'pay' ? 'confirmed' : 'cancelled' })),
          );
          expect(await violations(world.databases)).toEqual({
            doubleCharges: [],
            orphanCharges: [],
            confirmedUnpaid: [],
            endedKept: [],
            unlikeOurBooks: [],
          });
        },
        { seconds: Math.max(left, 10) },
      );
      expect(bookings.deaths + payments.deaths).toBeGreaterThanOrEqual(deathsPlanned);
      await theCheckerSees(world.databases);
    } finally {
      await world.close();
    }
  },
  allFaults ? 1_800_000 : 600_000,
);
