import { createHash } from 'node:crypto';
import { aUser, expectProblem, startTestService, type TestService } from '@roost/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { SupergraphRegistry } from '../src/graphql/supergraph-registry.js';
import { gateway } from '../src/service.js';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';
const USERS = `${LINK}
  type User @key(fields: "id") { id: ID! name: String! friends(first: Int = 20): [User!]! }
  type Query { me: User user(id: ID!): User }
  type Mutation { rename(name: String!): User }`;
const HOMES = `${LINK}
  type User @key(fields: "id") { id: ID! home: Home }
  type Home { city: String! owner: User }
  type Query { home: Home homes(first: Int = 20): [Home!] }`;

interface Seen {
  query: string;
  variables: Record<string, unknown>;
  headers: Record<string, unknown>;
}

/** A service as the graph sees it: a schema, and an answer that the spec decides. */
class Part {
  readonly seen: Seen[] = [];
  answer: (asked: Seen) => unknown = () => ({ data: null, errors: [] });
  private server: FastifyInstance | null = null;
  url = '';

  constructor(public sdl: string) {}

  async open(): Promise<void> {
    this.server = Fastify({ forceCloseConnections: true });
    this.server.get('/graphql/sdl', () => this.sdl);
    this.server.post('/graphql', async (request) => {
      const asked = { ...(request.body as Omit<Seen, 'headers'>), headers: request.headers };
      this.seen.push(asked);
      return this.answer(asked);
    });
    this.url = await this.server.listen({ port: 0, host: '127.0.0.1' });
  }

  async close(): Promise<void> {
    await this.server?.close();
  }
}

const users = new Part(USERS);
const homes = new Part(HOMES);
/** With a part that nobody asks for, where the release has one that would not fit the others here. */
const [bookings, payments, reviews] = ['bookings', 'payments', 'reviews'].map(
  (name) => new Part(`${LINK} type Query { ${name}Are: String }`),
) as [Part, Part, Part];
const parts = [users, homes, bookings, payments, reviews];
const user = aUser();
let service: TestService;
const open: TestService[] = [];

async function start(env: Record<string, string> = {}): Promise<TestService> {
  const started = await startTestService(gateway, {
    env: {
      IDENTITY_URL: users.url,
      LISTINGS_URL: homes.url,
      BOOKINGS_URL: bookings.url,
      PAYMENTS_URL: payments.url,
      REVIEWS_URL: reviews.url,
      METRICS_PORT: '0',
      ...env,
    },
  });
  open.push(started);
  // Instead of those of the release.
  await started.get(SupergraphRegistry).refreshNow();
  return started;
}

beforeAll(async () => {
  await Promise.all(parts.map((part) => part.open()));
  service = await start();
});
beforeEach(() => {
  users.seen.length = 0;
  homes.seen.length = 0;
  users.answer = () => ({ data: { me: { __typename: 'User', id: user.id, name: 'Ada' } } });
});
afterAll(async () => {
  for (const started of open) await started.close();
  await Promise.all(parts.map((part) => part.close()));
});

const asked = () => users.seen.length + homes.seen.length;

describe('an operation', () => {
  it('is put together of what the services answer', async () => {
    homes.answer = () => ({
      data: { _e0: [{ home: { city: 'Albany' } }], _entities: [{ home: { city: 'Albany' } }] },
    });
    const { data, errors, status } = await service.as(user).graphql('{ me { name home { city } } }');
    expect({ status, errors }).toEqual({ status: 200, errors: [] });
    expect(data).toEqual({ me: { name: 'Ada', home: { city: 'Albany' } } });
  });

  it('is asked with the token, and with the idempotency key where it changes something', async () => {
    const client = service.as(user).with({ 'idempotency-key': 'once', cookie: 'a=b', 'x-secret': 'c' });
    await client.graphql('{ me { name } }');
    expect(users.seen[0]?.headers).toMatchObject({ authorization: `Bearer ${user.token}` });
    for (const header of ['idempotency-key', 'cookie', 'x-secret'])
      expect(users.seen[0]?.headers).not.toHaveProperty(header);
    users.answer = () => ({ data: { rename: { __typename: 'User', id: user.id } } });
    await client.graphql('mutation { rename(name: "B") { id } }');
    expect(users.seen[1]?.headers).toMatchObject({ 'idempotency-key': 'once' });
  });

  it('keeps the codes of services and tells nothing of anything else', async () => {
    users.answer = () => ({
      data: { me: null },
      errors: [
        { message: 'No such user', path: ['me'], extensions: { code: 'user.not_found', status: 404 } },
      ],
    });
    const known = await service.as(user).graphql('{ me { name } }');
    expect(known.errors).toMatchObject([
      { message: 'No such user', path: ['me'], extensions: { code: 'user.not_found', status: 404 } },
    ]);
    users.answer = () => ({
      data: { me: null },
      errors: [{ message: 'SELECT * FROM users failed', extensions: { code: 'OOPS' } }],
    });
    const foreign = await service.as(user).graphql('{ me { name } }');
    expect(foreign.errors).toMatchObject([{ extensions: { code: 'internal', status: 500 } }]);
    expect(JSON.stringify(foreign)).not.toMatch(/SELECT|OOPS/);
  });

  it('fails alone when a service answers garbage', async () => {
    users.answer = () => 'garbage';
    homes.answer = () => ({ data: { home: { city: 'Albany' } } });
    const { data, errors } = await service.as(user).graphql('{ me { name } home { city } }');
    expect(data).toEqual({ me: null, home: { city: 'Albany' } });
    expect(errors).toMatchObject([{ path: ['me'], extensions: { code: 'service.unavailable' } }]);
  });

  it('needs a token that is valid, if one is sent', async () => {
    const { status, errors } = await service.anonymous
      .with({ authorization: 'Bearer forged' })
      .graphql('{ me { id } }');
    expect(status).toBe(401);
    expect(errors).toMatchObject([{ extensions: { code: 'auth.invalid_token' } }]);
    expect(asked()).toBe(0);
  });
});

describe('abuse is refused before a service hears of it', () => {
  const nested = (depth: number) => `{ me ${'{ friends '.repeat(depth)}{ id }${' }'.repeat(depth)} }`;
  const fragments = `{ me { ...F0 } } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F30 on User { id }`;

  test.each<[string, unknown, RegExp]>([
    ['depth 50', { query: nested(50) }, /deeper than 10/],
    ['depth 20,000', { query: `${'{a'.repeat(20_000)}` }, /more than|deeper/],
    [
      '1,000 aliases',
      { query: `{ ${Array.from({ length: 1000 }, (_, i) => `a${i}: me { id }`).join(' ')} }` },
      /more than \d+ (root fields|tokens|aliases)/,
    ],
    [
      '1,000 aliases further down',
      { query: `{ me { ${Array.from({ length: 1000 }, (_, i) => `a${i}: id`).join(' ')} } }` },
      /more than 50 aliases/,
    ],
    ['one field 1,000 times', { query: `{ me { ${'id '.repeat(1000)} } }` }, /more than 500 fields/],
    ['fragments that double 30 times', { query: fragments }, /more than 500 fields|deeper/],
    [
      'a huge fragment',
      { query: `{ me { ...F } } fragment F on User { ${'name '.repeat(5_000)} }` },
      /more than/,
    ],
    [
      'a fragment that spreads itself',
      { query: '{ me { ...F } } fragment F on User { friends { ...F } }' },
      /spreads itself|deeper/,
    ],
    [
      'lists of lists of lists',
      { query: '{ homes(first: 100) { owner { friends(first: 100) { friends(first: 100) { id } } } } }' },
      /costs \d+/,
    ],
    [
      'the same by variable',
      {
        query:
          'query ($n: Int) { homes(first: $n) { owner { friends(first: $n) { friends(first: $n) { friends { id } } } } } }',
        variables: { n: 100 },
      },
      /costs \d+/,
    ],
    [
      'two operations',
      { query: 'query A { me { id } } query B { me { id } }', operationName: 'A' },
      /one operation/,
    ],
    ['an unknown field', { query: '{ nothing }' }, /Cannot query field "nothing"/],
    [
      'a variable of another type',
      { query: 'query ($id: ID!) { user(id: $id) { id } }', variables: { id: { secret: 'x' } } },
      /ID/,
    ],
    ['no text', { query: 7 }, /Must be one operation/],
    ['a syntax error', { query: '{ me { id }' }, /Syntax Error/],
  ])('%s', async (_, body, reason) => {
    const from = performance.now();
    const answer = await service
      .as(user)
      .post<{ errors: { message: string; extensions: { code: string } }[] }>('/graphql', body);
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(answer.status).toBe(400);
    expect(answer.body).not.toHaveProperty('data');
    expect(answer.body.errors).toHaveLength(1);
    expect(answer.body.errors[0]).toMatchObject({
      message: expect.stringMatching(reason) as string,
      extensions: { code: 'request.invalid' },
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(asked()).toBe(0);
  });

  it('a batch of log-ins, and anything else in a list', async () => {
    const login = { query: 'mutation { login(email: "a@b.c", password: "x") { accessToken } }' };
    const batch = await service.anonymous.post(
      '/graphql',
      Array.from({ length: 50 }, () => login),
    );
    expect(batch.status).toBe(400);
    const aliased = await service.anonymous.graphql(
      `mutation { ${Array.from({ length: 20 }, (_, i) => `a${i}: login(email: "a@b.c", password: "${i}") { accessToken }`).join(' ')} }`,
    );
    // Signing in is no part of the graph at all.
    expect(aliased).toMatchObject({
      status: 400,
      errors: [{ message: 'Cannot query field "login" on type "Mutation".' }],
    });
    expect(asked()).toBe(0);
  });

  it('what is no JSON, or too much of it', async () => {
    const form = await service
      .as(user)
      .send('POST', '/graphql', '{"query":"{ me { id } }"}', { 'content-type': 'text/plain' });
    expect(form).toMatchObject({
      status: 415,
      body: { errors: [{ extensions: { code: 'request.unsupported_media_type' } }] },
    });
    const large = await service.as(user).post('/graphql', { query: `# ${'x'.repeat(300_000)}` });
    expect(large).toMatchObject({
      status: 413,
      body: { errors: [{ extensions: { code: 'request.too_large' } }] },
    });
    expect(await service.as(user).send('POST', '/graphql', '{"query"')).toMatchObject({ status: 400 });
  });

  it('more than the rate allows; each mutation counts', async () => {
    const limited = await start({ RATE_LIMIT_PER_MINUTE: '10' });
    const one = aUser();
    for (let sent = 0; sent < 10; sent += 1)
      expect((await limited.as(one).graphql('{ me { id } }')).status).toBe(200);
    const refused = await limited.as(one).graphql('{ me { id } }');
    expect(refused).toMatchObject({ status: 429, errors: [{ extensions: { code: 'rate.limited' } }] });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const renames = `mutation { ${Array.from({ length: 11 }, (_, i) => `a${i}: rename(name: "x") { id }`).join(' ')} }`;
    expect((await limited.as(aUser()).graphql(renames)).status).toBe(429);
  });
});

describe('production', () => {
  it('tells nobody its schema, unless it is switched on', async () => {
    const production = await start({ ROOST_ENV: 'production', GRAPHQL_INTROSPECTION: 'false' });
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "User") { name } }']) {
      const { status, errors } = await production.as(user).graphql(query);
      expect({ status, errors }).toMatchObject({
        status: 400,
        errors: [{ message: 'Introspection is disabled' }],
      });
    }
    const { errors } = await production.as(user).graphql('{ mee { id } }');
    expect(errors[0]?.message).toBe('Cannot query field "mee" on type "Query".');
    expectProblem(await production.anonymous.get('/graphql'), 404, 'route.not_found');
    const open = await start({ ROOST_ENV: 'production', GRAPHQL_INTROSPECTION: 'true' });
    expect((await open.as(user).graphql('{ __schema { queryType { name } } }')).data).toEqual({
      __schema: { queryType: { name: 'Query' } },
    });
  });

  it('in development there is GraphiQL, and nothing of it comes from elsewhere', async () => {
    const { status, headers, body } = await service.anonymous.get<string>('/graphql');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(body).toContain('Roost graph');
    expect(body).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/);
  });
});

describe('persisted operations', () => {
  const text = '{ me { name } }';
  const persistedQuery = { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') };
  const send = (body: object) =>
    service
      .as(user)
      .post<{ data?: unknown; errors?: { message: string; extensions: { code: string } }[] }>(
        '/graphql',
        body,
      );

  it('are learnt once and known by their hash from then on', async () => {
    const unknown = await send({ extensions: { persistedQuery } });
    expect(unknown).toMatchObject({
      status: 404,
      body: {
        errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'graphql.operation_unknown' } }],
      },
    });
    expect((await send({ query: text, extensions: { persistedQuery } })).body.data).toEqual({
      me: { name: 'Ada' },
    });
    expect((await send({ extensions: { persistedQuery } })).body.data).toEqual({ me: { name: 'Ada' } });
  });

  it('are not learnt under the hash of something else, nor when they are refused', async () => {
    const other = { version: 1, sha256Hash: 'a'.repeat(64) };
    expect((await send({ query: text, extensions: { persistedQuery: other } })).status).toBe(400);
    expect((await send({ extensions: { persistedQuery: other } })).status).toBe(404);
    const bad = '{ nothing }';
    const sha256Hash = createHash('sha256').update(bad).digest('hex');
    expect(
      (await send({ query: bad, extensions: { persistedQuery: { version: 1, sha256Hash } } })).status,
    ).toBe(400);
    expect((await send({ extensions: { persistedQuery: { version: 1, sha256Hash } } })).status).toBe(404);
  });
});

describe('the graph itself', () => {
  it('stays as it was when a schema no longer fits, and says so', async () => {
    const changing = await start();
    const shown = async () =>
      ((await changing.anonymous.get('/health/ready')).body as { parts: Record<string, string> }).parts;
    expect(await shown()).toMatchObject({ graph: 'up' });
    homes.sdl = `${LINK} type User @key(fields: "id") { id: ID! name: Int } type Query { home: String }`;
    await changing.get(SupergraphRegistry).refreshNow();
    expect(await changing.anonymous.get('/health/ready')).toMatchObject({
      status: 200,
      body: { parts: { graph: 'degraded' } },
    });
    homes.answer = () => ({ data: { home: { city: 'Albany' } } });
    expect((await changing.as(user).graphql('{ home { city } }')).data).toEqual({ home: { city: 'Albany' } });

    homes.sdl = HOMES.replace('city: String!', 'city: String! country: String');
    await changing.get(SupergraphRegistry).refreshNow();
    expect(await shown()).toMatchObject({ graph: 'up' });
    homes.answer = () => ({ data: { home: { country: 'US' } } });
    expect((await changing.as(user).graphql('{ home { country } }')).data).toEqual({
      home: { country: 'US' },
    });
    homes.sdl = HOMES;
  });

  it('is that of the release while no service has answered', async () => {
    const names = ['IDENTITY', 'LISTINGS', 'BOOKINGS', 'PAYMENTS', 'REVIEWS'];
    const alone = await start(Object.fromEntries(names.map((name) => [`${name}_URL`, 'http://127.0.0.1:9'])));
    const booking = await alone.as(user).graphql('{ __type(name: "Booking") { fields { name } } }');
    expect(JSON.stringify(booking.data)).toContain('"payment"');
    const { data, errors } = await alone.as(user).graphql('{ me { id } }');
    expect(data).toEqual({ me: null });
    expect(errors).toMatchObject([
      { path: ['me'], extensions: { code: 'service.unavailable', status: 503 } },
    ]);
  });
});
