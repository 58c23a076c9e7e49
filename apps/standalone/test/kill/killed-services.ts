import { randomUUID } from 'node:crypto';
import { applyTopics, envelopeOf, KafkaBus, kafkaClient } from '@roost/messaging';
import { DEFAULT_STAY_RULES, PriceRules } from '@roost/pricing';
import { addDays } from '@roost/stay';
import {
  reservePort,
  testUser,
  eventually,
  freshDatabase,
  freshKafka,
  freshRedis,
  ISSUER,
  randomSuffix,
  KillableProcess,
  TestClient,
  testJwksUrl,
} from '@roost/testing';
import pg from 'pg';
import { dayAhead } from '../marketplace.fixture.js';
import { Operator } from '../operator.fixture.js';
import type { Databases } from './invariants.js';

export type Plan = 'pay' | 'pay, then cancel' | 'cancel while paying' | 'cancel';

const WEBHOOK_SECRET = 'a-webhook-secret-of-the-specs';
const FIRST_CHECK_IN = dayAhead(60);

/** The services of a booking in processes that are killed, and the bookings of their guests. */
export class KilledServices {
  readonly databases: Databases;
  readonly planned: { bookingId: string; plan: Plan }[] = [];
  readonly listingId = randomUUID();

  private constructor(
    readonly processes: Record<'bookings' | 'payments' | 'sandbox' | 'gateway', KillableProcess>,
    private readonly gatewayUrl: string,
    databaseUrls: Record<keyof Databases, string>,
    private readonly tools: { listings: KafkaBus; operator: Operator },
  ) {
    const pool = (connectionString: string) => new pg.Pool({ connectionString, max: 2 });
    this.databases = {
      bookings: pool(databaseUrls.bookings),
      payments: pool(databaseUrls.payments),
      sandbox: pool(databaseUrls.sandbox),
    };
  }

  static async start(
    faults: Record<'bookings' | 'payments', string[]>,
    dataDir: string,
  ): Promise<KilledServices> {
    const { brokers, prefix } = await freshKafka();
    await applyTopics(kafkaClient({ brokers: brokers.split(','), clientId: 'spec' }), { prefix });
    const suffix = randomSuffix();
    const urls = {
      bookings: await freshDatabase('roost_bookings', suffix),
      payments: await freshDatabase('roost_payments', suffix),
      sandbox: await freshDatabase('roost_sandbox', suffix),
    };
    const redisUrl = await freshRedis();
    const address = async () => `http://127.0.0.1:${await reservePort()}`;
    const [bookings, payments, sandbox, gateway] = await Promise.all([
      address(),
      address(),
      address(),
      address(),
    ]);
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
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
      SANDBOX_WEBHOOK_URL: `${payments}/v1/webhooks/sandbox`,
      // The claims of a killed process expire soon.
      PROVIDER_TIMEOUT_SECONDS: '3',
      PAYMENT_CHECK_SECONDS: '1',
    };
    const processes = {
      sandbox: serviceProcess('sandbox', sandbox, { ...env, DATABASE_URL: urls.sandbox }),
      bookings: serviceProcess(
        'bookings',
        bookings,
        { ...env, DATABASE_URL: urls.bookings },
        faults.bookings,
      ),
      payments: serviceProcess(
        'payments',
        payments,
        { ...env, DATABASE_URL: urls.payments },
        faults.payments,
      ),
      gateway: serviceProcess('gateway', gateway, env),
    };
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const listings = new KafkaBus({ service: 'listings', brokers: brokers.split(','), prefix, logger });
    const databases = urls.payments.replace(`roost_payments_${suffix}`, `roost_{service}_${suffix}`);
    const operator = new Operator({ ...env, DATABASE_URL: databases });
    const services = new KilledServices(processes, gateway, urls, { listings, operator });
    await Promise.all(Object.values(processes).map((each) => each.start()));
    await services.publishListing();
    return services;
  }

  async close(): Promise<void> {
    await this.tools.listings.close();
    this.operator.stop();
    await Promise.all(Object.values(this.processes).map((each) => each.stop()));
    await Promise.all(Object.values(this.databases).map((pool: pg.Pool) => pool.end()));
  }

  /** The requests of one guest, from the quote to the end of the plan. Requests without a response are repeated. */
  async follow(plan: Plan, number: number): Promise<void> {
    const { token } = testUser();
    const guest = new TestClient(this.gatewayUrl, { authorization: `Bearer ${token}` });
    const checkInDate = addDays(FIRST_CHECK_IN, number % 300);
    const quoteId = await retry(async () => {
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
    const id = await retry(async () => {
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

  get operator(): Operator {
    return this.tools.operator;
  }

  /** `performance.now()` at the last start of any service. */
  get startedAt(): number {
    return Math.max(...Object.values(this.processes).map(({ startedAt }) => startedAt));
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
        title: 'A flat',
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
    for (const sink of this.tools.listings.sinks()) {
      await new Promise<void>((sent) => sink.send(event, () => sent()));
    }
  }
}

function serviceProcess(
  name: string,
  url: string,
  env: Record<string, string>,
  faults: string[] = [],
): KillableProcess {
  return new KillableProcess({
    name,
    script: `apps/${name}/src/main.ts`,
    env: { ...env, PORT: new URL(url).port },
    faults,
    ready: async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200),
  });
}

const retry = <T>(step: () => Promise<T>): Promise<T> => eventually(step, { seconds: 180 });

async function pay(guest: TestClient, bookingId: string, plan: Plan): Promise<void> {
  const key = { 'idempotency-key': randomUUID() };
  await retry(async () => {
    const booking = await guest.get<{ state: string }>(`/v1/bookings/${bookingId}`);
    expect(booking.status).toBe(200);
    if (plan === 'cancel while paying' && booking.body.state === 'cancelled') return;
    const due = await guest.get<{ id: string; status: string }>(`/v1/bookings/${bookingId}/payment`);
    expect(due.status).toBe(200);
    if (!['requires_payment_method', 'requires_action', 'processing'].includes(due.body.status)) return;
    const response = await guest.post(
      `/v1/payments/${due.body.id}/confirm`,
      { paymentMethod: 'pm_card_visa' },
      key,
    );
    expect([200, 409]).toContain(response.status);
    expect(response.status).toBe(200);
  });
}

async function cancel(guest: TestClient, bookingId: string): Promise<void> {
  await retry(async () => {
    const response = await guest.post(`/v1/bookings/${bookingId}/cancel`, { reason: 'Plans changed' });
    const { body } = await guest.get<{ state: string }>(`/v1/bookings/${bookingId}`);
    expect({ status: response.status, state: body.state }).toMatchObject({ state: 'cancelled' });
  });
}
