import { randomBytes } from 'node:crypto';
import { createHash } from 'node:crypto';
import { expectProblem, freshRedis, TestProxy, type TestService } from '@roost/testing';
import { SupergraphRegistry } from '../src/graphql/supergraph-registry.js';
import { GraphFixture, HOMES, LINK } from './graph.fixture.js';

const fixture = new GraphFixture();
const { user, users, homes } = fixture;
const proxies: TestProxy[] = [];
let service: TestService;

beforeAll(async () => {
  service = await fixture.open();
});
beforeEach(() => fixture.reset());
afterAll(async () => {
  await fixture.close();
  for (const proxy of proxies) proxy.close();
});

describe('an operation', () => {
  it('combines the responses of the services', async () => {
    homes.respond = () => ({
      data: { _e0: [{ home: { city: 'Albany' } }], _entities: [{ home: { city: 'Albany' } }] },
    });
    const { data, errors, status } = await service.as(user).graphql('{ me { name home { city } } }');
    expect({ status, errors }).toEqual({ status: 200, errors: [] });
    expect(data).toEqual({ me: { name: 'Ada', home: { city: 'Albany' } } });
  });

  it('forwards the token and, for mutations, the idempotency key', async () => {
    const client = service.as(user).with({ 'idempotency-key': 'once', cookie: 'a=b', 'x-secret': 'c' });
    await client.graphql('{ me { name } }');
    expect(users.received[0]?.headers).toMatchObject({ authorization: `Bearer ${user.token}` });
    for (const header of ['idempotency-key', 'cookie', 'x-secret'])
      expect(users.received[0]?.headers).not.toHaveProperty(header);
    users.respond = () => ({ data: { rename: { __typename: 'User', id: user.id } } });
    await client.graphql('mutation { rename(name: "B") { id } }');
    expect(users.received[1]?.headers).toMatchObject({ 'idempotency-key': 'once' });
  });

  it('forwards the error codes of services and hides other errors', async () => {
    users.respond = () => ({
      data: { me: null },
      errors: [
        { message: 'No such user', path: ['me'], extensions: { code: 'user.not_found', status: 404 } },
      ],
    });
    const problem = await service.as(user).graphql('{ me { name } }');
    expect(problem.errors).toMatchObject([
      { message: 'No such user', path: ['me'], extensions: { code: 'user.not_found', status: 404 } },
    ]);
    users.respond = () => ({
      data: { me: null },
      errors: [{ message: 'SELECT * FROM users failed', extensions: { code: 'OOPS' } }],
    });
    const other = await service.as(user).graphql('{ me { name } }');
    expect(other.errors).toMatchObject([{ extensions: { code: 'internal', status: 500 } }]);
    expect(JSON.stringify(other)).not.toMatch(/SELECT|OOPS/);
  });

  it('nulls only the fields of a service with an invalid response', async () => {
    users.respond = () => 'not JSON';
    homes.respond = () => ({ data: { home: { city: 'Albany' } } });
    const { data, errors } = await service.as(user).graphql('{ me { name } home { city } }');
    expect(data).toEqual({ me: null, home: { city: 'Albany' } });
    expect(errors).toMatchObject([{ path: ['me'], extensions: { code: 'service.unavailable' } }]);
  });

  it('rejects an invalid token', async () => {
    const { status, errors } = await service.anonymous
      .with({ authorization: 'Bearer forged' })
      .graphql('{ me { id } }');
    expect(status).toBe(401);
    expect(errors).toMatchObject([{ extensions: { code: 'auth.invalid_token' } }]);
    expect(fixture.receivedCount()).toBe(0);
  });
});

describe('production', () => {
  const productionEnv = {
    ROOST_ENV: 'production',
    PUBLIC_URL: 'https://roost.example.com',
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };

  it('disables introspection by default', async () => {
    const production = await fixture.startGateway({
      ...productionEnv,
      GRAPHQL_INTROSPECTION: 'false',
    });
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
    const open = await fixture.startGateway({ ...productionEnv, GRAPHQL_INTROSPECTION: 'true' });
    expect((await open.as(user).graphql('{ __schema { queryType { name } } }')).data).toEqual({
      __schema: { queryType: { name: 'Query' } },
    });
  });

  it('serves GraphiQL in development, without assets of other hosts', async () => {
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

  it('are stored and found by their hash', async () => {
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

  it('are not stored under a wrong hash or when they are rejected', async () => {
    const other = { version: 1, sha256Hash: 'a'.repeat(64) };
    expect((await send({ query: text, extensions: { persistedQuery: other } })).status).toBe(400);
    expect((await send({ extensions: { persistedQuery: other } })).status).toBe(404);
    const invalid = '{ nothing }';
    const sha256Hash = createHash('sha256').update(invalid).digest('hex');
    expect(
      (await send({ query: invalid, extensions: { persistedQuery: { version: 1, sha256Hash } } })).status,
    ).toBe(400);
    expect((await send({ extensions: { persistedQuery: { version: 1, sha256Hash } } })).status).toBe(404);
  });

  it.each([
    ['is down', (redis: TestProxy) => redis.cut()],
    ['does not respond', (redis: TestProxy) => redis.lose()],
  ])('are unknown, and run with their text, while Redis %s', async (_state, fail) => {
    const redis = await TestProxy.to(await freshRedis());
    proxies.push(redis);
    const other = (await fixture.startGateway({ REDIS_URL: redis.url })).as(user);
    try {
      fail(redis);
      const withText = await other.post('/graphql', { query: text, extensions: { persistedQuery } });
      expect(withText).toMatchObject({ status: 200, body: { data: { me: { name: 'Ada' } } } });
      expect((await other.post('/graphql', { extensions: { persistedQuery } })).status).toBe(404);
    } finally {
      redis.mend();
    }
  });
});

describe('the supergraph', () => {
  it('keeps the last valid version if the schemas can not be composed, and reports degraded', async () => {
    const changing = await fixture.startGateway();
    const parts = async () =>
      ((await changing.anonymous.get('/health/ready')).body as { parts: Record<string, string> }).parts;
    expect(await parts()).toMatchObject({ graph: 'up' });
    homes.sdl = `${LINK} type User @key(fields: "id") { id: ID! name: Int } type Query { home: String }`;
    await changing.get(SupergraphRegistry).refreshNow();
    expect(await changing.anonymous.get('/health/ready')).toMatchObject({
      status: 200,
      body: { parts: { graph: 'degraded' } },
    });
    homes.respond = () => ({ data: { home: { city: 'Albany' } } });
    expect((await changing.as(user).graphql('{ home { city } }')).data).toEqual({ home: { city: 'Albany' } });

    homes.sdl = HOMES.replace('city: String!', 'city: String! country: String');
    await changing.get(SupergraphRegistry).refreshNow();
    expect(await parts()).toMatchObject({ graph: 'up' });
    homes.respond = () => ({ data: { home: { country: 'US' } } });
    expect((await changing.as(user).graphql('{ home { country } }')).data).toEqual({
      home: { country: 'US' },
    });
    homes.sdl = HOMES;
  });

  it('is the one of the release until a service responds', async () => {
    const names = ['IDENTITY', 'LISTINGS', 'BOOKINGS', 'PAYMENTS', 'REVIEWS'];
    const alone = await fixture.startGateway(
      Object.fromEntries(names.map((name) => [`${name}_URL`, 'http://127.0.0.1:9'])),
    );
    const booking = await alone.as(user).graphql('{ __type(name: "Booking") { fields { name } } }');
    expect(JSON.stringify(booking.data)).toContain('"payment"');
    const { data, errors } = await alone.as(user).graphql('{ me { id } }');
    expect(data).toEqual({ me: null });
    expect(errors).toMatchObject([
      { path: ['me'], extensions: { code: 'service.unavailable', status: 503 } },
    ]);
  });
});
