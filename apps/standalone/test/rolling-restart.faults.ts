import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { applyTopics, kafkaClient } from '@roost/messaging';
import {
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
import { aPublishedListing } from './published-listing.js';
import { freshFolder, stopAll, type Run, run } from './launcher.js';

jest.setTimeout(900_000);

const REQUESTS_A_SECOND = 50;
const ROUNDS = runsAllFaults ? 5 : 1;
const ALL = ['sandbox', 'identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway'] as const;
const KEEPERS = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
const ROLLED = [...KEEPERS, 'gateway'] as const;
type Name = (typeof ALL)[number];

const secret = () => randomBytes(32).toString('base64url');

/**
 * What a Service is in a cluster: one address, behind which replicas come and go. A new connection goes to the replica
 * that is in it now; those that stand stay where they are.
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
describe('every service is restarted, one after the other, while people use it', () => {
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
    await Promise.all(ALL.map(bring));
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

  /** One more replica; once it is ready new connections go to it. Gives back the one that was there. */
  async function bring(name: Name): Promise<Run | undefined> {
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
        const answer = await fetch(`http://127.0.0.1:${port}/health/ready`);
        expect({ name, status: answer.status, said: await answer.text() }).toMatchObject({ status: 200 });
      },
      { seconds: 120 },
    );
    expect({ code: replica.child.exitCode, said: replica.output() }).toMatchObject({ code: null });
    const before = replicas.get(name);
    at(name).port = port;
    replicas.set(name, replica);
    return before;
  }

  test('no request fails, no job is lost, and each ends in time', async () => {
    const anyone = new TestClient(at('gateway').url.origin);
    const as = async (...roles: string[]): Promise<TestClient> => {
      const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
      return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
    };
    const guest = await as('guest');
    const listingId = await aPublishedListing(await as('guest', 'host'));
    const quotedFor = (ahead: number) => {
      const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      return guest.post<{ id: string }>('/v1/quotes', {
        listingId,
        checkInDate: date(ahead),
        checkOutDate: date(ahead + 1),
        guests: { adults: 1, children: [], infants: 0, pets: 0 },
      });
    };
    const quoted = () => quotedFor(300);
    await eventually(async () => expect(await quoted()).toMatchObject({ status: 201 }), { seconds: 60 });

    const failures: unknown[] = [];
    let answered = 0;
    const noted = async <T extends { status: number; body: unknown }>(
      what: string,
      wanted: number,
      request: () => Promise<T>,
    ): Promise<T | null> => {
      try {
        const answer = await request();
        answered += 1;
        if (answer.status !== wanted) failures.push({ what, status: answer.status, body: answer.body });
        return answer;
      } catch (error) {
        failures.push({ what, error: String(error), cause: String((error as Error).cause) });
        return null;
      }
    };

    /** Through all the services and their jobs: the provider tells payments by a webhook, which a job takes up. */
    const bookings: string[] = [];
    let begun = 0;
    const journey = async (): Promise<void> => {
      const quote = await noted('quote', 201, () => quotedFor(10 + 2 * begun++));
      const quoteId = quote?.body.id;
      const booking = await noted('book', 201, () => guest.post<{ id: string }>('/v1/bookings', { quoteId }));
      const id = booking?.body.id;
      // Then it has been noted above.
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
      await noted('pay', 200, () => guest.post(`/v1/payments/${payment}/confirm`, card));
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
      ['quote', 201, quoted],
      ['payment', 200, () => guest.get(`/v1/bookings/${bookingId}/payment`)],
      ['reviews', 200, () => anyone.get(`/v1/listings/${listingId}/reviews`)],
      ['me', 200, () => guest.get('/v1/me')],
      ['graph', 200, graph],
    ];
    const under: Promise<unknown>[] = [];
    let sent = 0;
    const codes: [Name, number | null][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const old = [];
      for (const name of ROLLED) old.push([name, await bring(name)] as const);
      const load = setInterval(() => {
        const [what, wanted, request] = mix[sent % mix.length] ?? mix[0]!;
        sent += 1;
        under.push(noted(what, wanted, request));
      }, 1000 / REQUESTS_A_SECOND);
      try {
        for (const [name, replica] of old) {
          const during = journey();
          // It gives itself 30 s; more would end it with another code.
          codes.push([name, (await replica?.ends('SIGTERM')) ?? null]);
          await during;
        }
      } finally {
        clearInterval(load);
        await Promise.all(under);
      }
    }

    expect(failures).toEqual([]);
    expect(codes).toEqual(Array.from({ length: ROUNDS }, () => ROLLED.map((name) => [name, 0])).flat());
    expect(answered).toBeGreaterThan(REQUESTS_A_SECOND);
    await eventually(
      async () => {
        for (const id of bookings) {
          expect(await guest.get(`/v1/bookings/${id}`)).toMatchObject({ body: { state: 'confirmed' } });
        }
        expect(await leftOver()).toEqual({ jobs: [], letters: 0 });
      },
      { seconds: 60 },
    );
  });

  /** Jobs that wait, are held by nobody, or have failed; events that could not be handled. */
  async function leftOver(): Promise<{ jobs: string[]; letters: number }> {
    const redis = new Redis(redisUrl);
    const jobs: string[] = [];
    for (const key of await redis.keys('*')) {
      if (/:(wait|active)$/.test(key) && (await redis.llen(key)) > 0) jobs.push(key);
      if (/:failed$/.test(key) && (await redis.zcard(key)) > 0) jobs.push(key);
    }
    redis.disconnect();
    let letters = 0;
    for (const name of KEEPERS) {
      const client = new pg.Client({ connectionString: databases.get(`roost_${name}`) });
      await client.connect();
      const { rows } = await client.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM dead_letter',
      );
      await client.end();
      letters += rows[0]?.count ?? 0;
    }
    return { jobs, letters };
  }
});
