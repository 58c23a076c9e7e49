import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { applyTopics, kafkaClient } from '@roost/messaging';
import {
  aPublishedListing,
  runsAllFaults,
  reservePort,
  eventually,
  freshDatabase,
  freshKafka,
  freshRedis,
  TestClient,
} from '@roost/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { composeEnvironment, type Composition, DEFAULT_PORTS } from '../src/environment.js';
import { freshFolder, stopAll, type Run, run } from './launcher.js';

jest.setTimeout(900_000);

const REQUESTS_A_SECOND = 50;
const ROUNDS = runsAllFaults ? 5 : 1;
const ALL = ['sandbox', 'identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway'] as const;
const STATEFUL = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
const ROLLED = [...STATEFUL, 'gateway'] as const;
type Name = (typeof ALL)[number];

const secret = () => randomBytes(32).toString('base64url');

/**
 * The address of a service, as a Kubernetes Service has one. New connections go to the current replica; open connections
 * stay with theirs.
 */
class Address {
  readonly #server: Server;
  port = 0;

  private constructor() {
    this.#server = createServer((inner) => {
      const outer = connect(this.port, '127.0.0.1');
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        from.setNoDelay(true);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
      }
    });
  }

  static async open(): Promise<Address> {
    const address = new Address();
    address.#server.listen(0, '127.0.0.1');
    await once(address.#server, 'listening');
    return address;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  close(): void {
    this.#server.close();
  }
}

/** QUALITY.md, acceptance 11. */
describe('a rolling restart of every service under load', () => {
  const addresses = new Map<Name, Address>();
  const databases = new Map<string, string>();
  const replicas = new Map<Name, Run>();
  let composition: Composition;
  let redisUrl: string;

  beforeAll(async () => {
    for (const name of ALL) addresses.set(name, await Address.open());
    const { brokers, prefix } = await freshKafka();
    await applyTopics(kafkaClient({ brokers: brokers.split(','), clientId: 'spec' }), { prefix });
    redisUrl = await freshRedis();
    for (const name of Object.keys(DEFAULT_PORTS)) {
      databases.set(`roost_${name}`, await freshDatabase(`roost_${name}`));
    }
    composition = {
      env: {
        LOG_LEVEL: 'warn',
        RATE_LIMIT_PER_MINUTE: '0',
        KAFKA_PREFIX: prefix,
        REDIS_PREFIX: `roost:${new URL(redisUrl).pathname.slice(1)}`,
      },
      secrets: { ENCRYPTION_KEY: secret(), LOCATION_SECRET: secret(), SANDBOX_WEBHOOK_SECRET: secret() },
      addresses: Object.fromEntries(ALL.map((name) => [name, at(name).url])) as Composition['addresses'],
      dataDir: join(freshFolder(), 'data'),
      databaseUrl: (database) => databases.get(database) ?? '',
      redisUrl,
      kafkaBrokers: brokers,
    };
    await Promise.all(ALL.map(replace));
  });
  afterAll(async () => {
    await stopAll();
    for (const address of addresses.values()) address.close();
  });

  function at(name: Name): Address {
    const address = addresses.get(name);
    if (!address) throw new Error(`There is no ${name}`);
    return address;
  }

  /** Starts a replica; new connections go to it once it is ready. Returns the previous replica, which still runs. */
  async function replace(name: Name): Promise<Run | undefined> {
    const port = await reservePort();
    const env = Object.entries(composeEnvironment(name, composition)).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    );
    const replica = run(
      { ...Object.fromEntries(env), PORT: String(port), METRICS_PORT: '0' },
      new URL(`../../${name}/src/main.ts`, import.meta.url).pathname,
    );
    await eventually(
      async () => {
        if (replica.child.exitCode !== null) return;
        const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
        expect({ name, status: response.status, body: await response.text() }).toMatchObject({ status: 200 });
      },
      { seconds: 120 },
    );
    expect({ code: replica.child.exitCode, output: replica.output() }).toMatchObject({ code: null });
    const before = replicas.get(name);
    at(name).port = port;
    replicas.set(name, replica);
    return before;
  }

  test('fails no request, loses no job, and ends each replica in time', async () => {
    const anyone = new TestClient(at('gateway').url.origin);
    const as = async (...roles: string[]): Promise<TestClient> => {
      const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
      return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
    };
    const guest = await as('guest');
    const listingId = await aPublishedListing(await as('guest', 'host'));
    const quoteFor = (ahead: number) => {
      const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      return guest.post<{ id: string }>('/v1/quotes', {
        listingId,
        checkInDate: date(ahead),
        checkOutDate: date(ahead + 1),
        guests: { adults: 1, children: [], infants: 0, pets: 0 },
      });
    };
    const quote = () => quoteFor(300);
    await eventually(async () => expect(await quote()).toMatchObject({ status: 201 }), { seconds: 60 });

    const failures: unknown[] = [];
    let responses = 0;
    const checked = async <T extends { status: number; body: unknown }>(
      name: string,
      expected: number,
      request: () => Promise<T>,
    ): Promise<T | null> => {
      try {
        const answer = await request();
        responses += 1;
        if (answer.status !== expected) failures.push({ name, status: answer.status, body: answer.body });
        return answer;
      } catch (error) {
        failures.push({ name, error: String(error), cause: String((error as Error).cause) });
        return null;
      }
    };

    /** Books and pays: through all services and their jobs, and the webhook of the provider. */
    const bookings: string[] = [];
    let journeys = 0;
    const journey = async (): Promise<void> => {
      const quote = await checked('quote', 201, () => quoteFor(10 + 2 * journeys++));
      const quoteId = quote?.body.id;
      const booking = await checked('book', 201, () =>
        guest.post<{ id: string }>('/v1/bookings', { quoteId }),
      );
      const id = booking?.body.id;
      // `failures` already has the failed request.
      if (!id) return;
      const payment = await eventually(
        async () => {
          const due = await guest.get<{ id: string }>(`/v1/bookings/${id}/payment`);
          expect(due).toMatchObject({ status: 200 });
          return due.body.id;
        },
        { seconds: 60 },
      );
      const card = { paymentMethod: 'pm_card_visa' };
      await checked('pay', 200, () => guest.post(`/v1/payments/${payment}/confirm`, card));
      bookings.push(id);
    };
    await journey();
    const [bookingId = ''] = bookings;

    const query = `query ($listing: ID!, $booking: ID!) {
      listing(id: $listing) { title host { displayName } reviews { edges { node { id } } } }
      booking(id: $booking) { state payment { status } }
    }`;
    const graph = async () => {
      const variables = { listing: listingId, booking: bookingId };
      const answer = await guest.post<{ errors?: object[] }>('/graphql', { query, variables });
      return answer.body.errors ? { status: 500, body: answer.body } : answer;
    };
    const mix: [string, number, () => Promise<{ status: number; body: unknown }>][] = [
      ['listing', 200, () => anyone.get(`/v1/listings/${listingId}`)],
      ['booking', 200, () => guest.get(`/v1/bookings/${bookingId}`)],
      ['quote', 201, quote],
      ['payment', 200, () => guest.get(`/v1/bookings/${bookingId}/payment`)],
      ['reviews', 200, () => anyone.get(`/v1/listings/${listingId}/reviews`)],
      ['me', 200, () => guest.get('/v1/me')],
      ['graph', 200, graph],
    ];
    const pending: Promise<unknown>[] = [];
    let sent = 0;
    const codes: [Name, number | null][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const previous = [];
      for (const name of ROLLED) previous.push([name, await replace(name)] as const);
      const load = setInterval(() => {
        const [name, expected, request] = mix[sent % mix.length] ?? mix[0]!;
        sent += 1;
        pending.push(checked(name, expected, request));
      }, 1000 / REQUESTS_A_SECOND);
      try {
        for (const [name, replica] of previous) {
          const during = journey();
          // After 30 s it would end with another exit code.
          codes.push([name, (await replica?.ends('SIGTERM')) ?? null]);
          await during;
        }
      } finally {
        clearInterval(load);
        await Promise.all(pending);
      }
    }

    expect(failures).toEqual([]);
    expect(codes).toEqual(Array.from({ length: ROUNDS }, () => ROLLED.map((name) => [name, 0])).flat());
    expect(responses).toBeGreaterThan(REQUESTS_A_SECOND);
    await eventually(
      async () => {
        for (const id of bookings) {
          expect(await guest.get(`/v1/bookings/${id}`)).toMatchObject({ body: { state: 'confirmed' } });
        }
        expect(await unfinishedWork()).toEqual({ jobs: [], deadLetters: 0 });
      },
      { seconds: 60 },
    );
  });

  /** Waiting, active and failed jobs, and the number of dead letters. */
  async function unfinishedWork(): Promise<{ jobs: string[]; deadLetters: number }> {
    const redis = new Redis(redisUrl);
    const jobs: string[] = [];
    for (const key of await redis.keys('*')) {
      if (/:(wait|active)$/.test(key) && (await redis.llen(key)) > 0) jobs.push(key);
      if (/:failed$/.test(key) && (await redis.zcard(key)) > 0) jobs.push(key);
    }
    redis.disconnect();
    let deadLetters = 0;
    for (const name of STATEFUL) {
      const client = new pg.Client({ connectionString: databases.get(`roost_${name}`) });
      await client.connect();
      const { rows } = await client.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM dead_letter',
      );
      await client.end();
      deadLetters += rows[0]?.count ?? 0;
    }
    return { jobs, deadLetters };
  }
});
