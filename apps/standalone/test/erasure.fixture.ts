import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { runningRedis } from '@roost/embedded';
import { eventually, expectProblem, type TestClient } from '@roost/testing';
import type { Env } from './launcher.js';
import { type Booking, dayAhead, Marketplace } from './marketplace.fixture.js';
import { type Operator, STATEFUL_SERVICES } from './operator.fixture.js';
import { setAvatar, verifyPhone } from './profile.fixture.js';

const TIMEOUT = { seconds: 60 };

/** Occurs in every text that the user writes, except in reviews, replies and the titles of listings. */
export interface Person {
  id: string;
  email: string;
  displayName: string;
  phone: string;
  avatarPath: string;
  client: TestClient;
  word: string;
}

/** A guest and a host who have used everything that stores personal data, and whose stay has ended. */
export class ErasureScenario {
  private constructor(
    private readonly env: Env,
    private readonly operator: Operator,
    private readonly anyone: TestClient,
    readonly guest: Person,
    readonly host: Person,
    readonly listingId: string,
    readonly bookingId: string,
  ) {}

  static async prepare(env: Env, operator: Operator, anyone: TestClient): Promise<ErasureScenario> {
    const market = await Marketplace.prepare(anyone);
    const phones = ['+12025550161', '+12025550162'];
    const [guest, host] = [
      await personOf(market.guest, anyone, { word: 'xylophone', phone: phones[0] ?? '' }),
      await personOf(market.host, anyone, { word: 'zeppelin', phone: phones[1] ?? '' }),
    ];
    const { booking, payment } = await market.book();
    const { id: bookingId, listingId } = booking;
    await writeAsHost(host, listingId);
    await writeAsGuest(guest, listingId, bookingId);
    expect((await market.confirm(payment.id, 'pm_card_visa')).status).toBe(200);
    await market.becomes(bookingId, 'confirmed');
    const scenario = new ErasureScenario(env, operator, anyone, guest, host, listingId, bookingId);
    await scenario.expectObligations(bookingId);
    await scenario.endStay();
    await scenario.reviewEachOther();
    return scenario;
  }

  /** Both are refused while their booking is live. */
  private async expectObligations(id: string): Promise<void> {
    for (const { client } of [this.guest, this.host])
      await eventually(async () => {
        const response = await client.delete('/v1/me');
        expectProblem(response, 409, 'user.has_obligations');
        expect(response.body).toMatchObject({ obligations: [{ kind: 'booking', id }] });
      }, TIMEOUT);
  }

  private async endStay(): Promise<void> {
    await this.advance('P20D');
    await eventually(async () => {
      const { body } = await this.guest.client.get<Booking>(`/v1/bookings/${this.bookingId}`);
      expect(body.state).toBe('completed');
      const payouts = await this.host.client.get<{ data: { status: string }[] }>('/v1/me/payouts');
      expect(payouts.body.data).toMatchObject([{ status: 'paid' }]);
    }, TIMEOUT);
  }

  private async reviewEachOther(): Promise<void> {
    const path = `/v1/bookings/${this.bookingId}/reviews`;
    const write = (person: Person, categories: object) =>
      eventually(async () => {
        const review = { overall: 5, categories, text: `A review by ${person.word.replace('-', '+')}` };
        const response = await person.client.post<{ id: string }>(path, review);
        expect(response.status).toBe(201);
        return response.body.id;
      }, TIMEOUT);
    const byGuest = await write(this.guest, {
      ...{ accuracy: 5, checkIn: 5, cleanliness: 5, communication: 5, location: 5, value: 5 },
    });
    const byHost = await write(this.host, { cleanliness: 5, rules: 5, communication: 5 });
    const report = { reason: 'other', comment: this.guest.word };
    await eventually(
      async () =>
        expect((await this.guest.client.post(`/v1/reviews/${byHost}/report`, report)).status).toBe(201),
      TIMEOUT,
    );
    const reply = { text: `A reply by ${this.host.word.replace('-', '+')}` };
    expect((await this.host.client.post(`/v1/reviews/${byGuest}/reply`, reply)).status).toBe(201);
  }

  /** Erases a person, who can't do anything with their token afterwards. */
  async erase({ client }: Person): Promise<void> {
    await eventually(async () => expect((await client.delete('/v1/me')).status).toBe(202), TIMEOUT);
    expectProblem(await client.delete('/v1/me'), 401, 'auth.invalid_token');
  }

  async expectNoAvatar({ avatarPath }: Person): Promise<void> {
    expectProblem(await this.anyone.get(avatarPath), 404, 'avatar.not_found');
  }

  async expectRefused({ client }: Person): Promise<void> {
    for (const path of ['/v1/me/wishlists', '/v1/me/bookings', '/v1/me/payouts', '/v1/me/reviews/pending'])
      await eventually(async () => expectProblem(await client.get(path), 401, 'auth.invalid_token'), TIMEOUT);
  }

  /** Makes the last erasure of each service due, as after 15 minutes, and waits until all services have completed it. */
  async complete({ id }: Person): Promise<void> {
    for (const service of STATEFUL_SERVICES)
      await eventually(async () => {
        const last = await this.operator.query(
          service,
          `UPDATE account_erasure SET due_at = now() - interval '1 second'
           WHERE user_id = $1 AND last AND due_at IS NOT NULL RETURNING true`,
          [id],
        );
        expect(last).toHaveLength(1);
      }, TIMEOUT);
    await eventually(
      async () => {
        // A move of the clock starts the sweeps.
        await this.advance('PT1S');
        const [request] = await this.operator.query<{ done: boolean; by: string[] }>(
          'identity',
          'SELECT completed_at IS NOT NULL AS done, completed_by AS by FROM erasure_request WHERE user_id = $1',
          [id],
        );
        expect(request?.by.sort()).toEqual([...STATEFUL_SERVICES].sort());
        expect(request?.done).toBe(true);
      },
      { seconds: 120 },
    );
  }

  /** The tables of all databases that contain any personal data of a person. */
  tracesOf(person: Person): Promise<string[]> {
    return this.tablesWith(...wordsOf(person));
  }

  /** The tables of all databases that contain one of the words in any column: `<service>.<table>`. */
  async tablesWith(...words: string[]): Promise<string[]> {
    const found = new Set<string>();
    for (const service of [...STATEFUL_SERVICES, 'sandbox']) {
      const tables = await this.operator.query<{ name: string }>(
        service,
        `SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
      );
      for (const { name } of tables) {
        const rows = await this.operator.query(
          service,
          `SELECT FROM "${name}" t, unnest($1::text[]) AS word WHERE position(word IN t::text) > 0 LIMIT 1`,
          [words],
        );
        if (rows.length > 0) found.add(`${service}.${name}`);
      }
    }
    return [...found].sort();
  }

  redis(): Redis {
    return new Redis(runningRedis(join(this.env.ROOST_DATA_DIR ?? '', 'redis')) ?? '');
  }

  /** The keys of Redis whose name or value contains one of the words. */
  async redisKeysWith(...words: string[]): Promise<string[]> {
    const redis = this.redis();
    try {
      const found: string[] = [];
      for await (const keys of redis.scanStream() as AsyncIterable<string[]>) {
        for (const key of keys) {
          const content = `${key} ${JSON.stringify(await contentOf(redis, key))}`;
          if (words.some((word) => content.includes(word))) found.push(key);
        }
      }
      return found;
    } finally {
      redis.disconnect();
    }
  }

  photoFiles(): string[] {
    const folder = join(this.env.ROOST_DATA_DIR ?? '', 'files', 'listings', 'photos');
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  }

  private async advance(duration: string): Promise<void> {
    expect((await this.anyone.post('/dev/clock', { advance: duration })).status).toBe(200);
  }
}

/** What a key of Redis stores, by its type. */
async function contentOf(redis: Redis, key: string): Promise<unknown> {
  const readers: Record<string, () => Promise<unknown>> = {
    none: () => Promise.resolve(null), // deleted meanwhile
    string: () => redis.get(key),
    list: () => redis.lrange(key, 0, -1),
    hash: () => redis.hgetall(key),
    set: () => redis.smembers(key),
    zset: () => redis.zrange(key, 0, -1),
    stream: () => redis.xrange(key, '-', '+'),
  };
  const type = await redis.type(key);
  const read = readers[type];
  if (!read) throw new Error(`${key} is a ${type}, which is not read`);
  return read();
}

/** The earlier name of a development account is a part of its address. */
export const wordsOf = ({ email, displayName, phone, word }: Person): string[] => [
  ...[email, email.replace(/^dev-|@.*$/g, ''), displayName, phone, word],
];

async function personOf(
  client: TestClient,
  anyone: TestClient,
  { word, phone }: Pick<Person, 'word' | 'phone'>,
): Promise<Person> {
  const { body } = await client.get<{ id: string; email: string; displayName: string }>('/v1/me');
  const { id, email } = body;
  const displayName = `${word} of ${id.slice(-6)}`;
  const unique = `${word}-${id.slice(-6)}`;
  // The name is changed: mails and events have the earlier one, too.
  expect((await client.patch('/v1/me', { displayName, bio: unique, languages: ['fr'] })).status).toBe(200);
  await verifyPhone(client, anyone, phone);
  await setAvatar(client);
  const me = await client.get<{ avatarUrl: string }>('/v1/me');
  const avatarPath = new URL(me.body.avatarUrl).pathname;
  return { id, email, displayName, phone, avatarPath, client, word: unique };
}

async function writeAsHost({ client, word }: Person, listingId: string): Promise<void> {
  const address = { line1: word, city: word, region: word, postalCode: word, countryCode: 'BE' };
  const texts = { description: word, houseRules: word, registrationNumber: word };
  expect((await client.patch(`/v1/listings/${listingId}`, { address, ...texts })).status).toBe(200);
  const calendar = `/v1/listings/${listingId}/calendar`;
  const block = { from: dayAhead(300), to: dayAhead(302), note: word };
  expect((await client.post(`${calendar}/blocks`, block)).status).toBe(201);
  const feed = { url: `http://feeds.invalid/${word}.ics`, name: word };
  expect((await client.post(`${calendar}/feeds`, feed)).status).toBe(201);
  const account = { provider: 'sandbox', currency: 'EUR', reference: 'acct_1032D82eZvKYlo2C' };
  expect((await client.put('/v1/me/payout-account', account)).status).toBe(200);
}

async function writeAsGuest({ client, word }: Person, listingId: string, bookingId: string): Promise<void> {
  const key = { 'idempotency-key': word };
  const wishlist = await client.post<{ id: string }>('/v1/wishlists', { name: word }, key);
  expect(wishlist.status).toBe(201);
  const wish = await client.put(`/v1/wishlists/${wishlist.body.id}/listings/${listingId}`);
  expect(wish.status).toBe(204);
  const text = `Who has the key? Call ${word}@example.org`;
  expect((await client.post(`/v1/listings/${listingId}/threads`, { text })).status).toBe(201);
  expect((await client.post(`/v1/threads/${bookingId}/messages`, { text })).status).toBe(201);
}
