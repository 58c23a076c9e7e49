import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  eventually,
  expectProblem,
  freshRedis,
  startTestService,
  TestProxy,
  type TestService,
} from '@roost/testing';
import { buildSchema, isInputObjectType, isObjectType } from 'graphql';
import { RouteRegistry } from '../src/routes/route-registry.js';
import { gateway } from '../src/service.js';
import { aDocument, paths, startUpstream, type Upstream } from './upstream.fixture.js';

let identity: Upstream;
beforeAll(async () => {
  identity = await startUpstream(aDocument(paths.identity));
});
afterAll(() => identity.close());

/** A gateway that accepts one log-in per minute. */
async function startGateway(env: Record<string, string> = {}): Promise<TestService> {
  const nothing = 'http://127.0.0.1:9';
  const service = await startTestService(gateway, {
    env: {
      IDENTITY_URL: identity.url,
      LISTINGS_URL: nothing,
      BOOKINGS_URL: nothing,
      PAYMENTS_URL: nothing,
      REVIEWS_URL: nothing,
      RATE_LIMIT_PER_MINUTE: '30',
      ...env,
    },
  });
  await service.get(RouteRegistry).refreshNow();
  return service;
}

/** Sends the path unchanged: fetch would normalize it. */
function postExactly(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method: 'POST' }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}

/** Sends requests on one connection, all before the first response, and returns their statuses. */
async function pipeline(url: string, requestLine: string, times: number): Promise<number[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = (connection: string) =>
    `${requestLine} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 0\r\nconnection: ${connection}\r\n\r\n`;
  socket.write(head('keep-alive').repeat(times - 1) + head('close'));
  const responses = await text(socket);
  return [...responses.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
}

it('counts the addresses of one IPv6 network as one, and each IPv4 address', async () => {
  const limited = await startGateway({ TRUSTED_PROXIES: '127.0.0.1' });
  try {
    const logInFrom = async (address: string) =>
      (await limited.anonymous.post('/v1/auth/login', {}, { 'x-forwarded-for': address })).status;
    const statuses: Record<string, number> = {};
    for (const address of [
      '2001:db8::1',
      '2001:db8::ffff:2',
      '2001:db8:0:1::1',
      '192.0.2.1',
      '192.0.2.2',
      '::ffff:192.0.2.1',
    ])
      statuses[address] = await logInFrom(address);
    expect(Object.values(statuses)).toEqual([200, 429, 200, 200, 200, 429]);
  } finally {
    await limited.close();
  }
});

it('counts a log-in in any disguise, or does not forward it', async () => {
  const limited = await startGateway();
  try {
    expect((await limited.anonymous.post('/v1/auth/login', {})).status).toBe(200);
    const { url } = limited;
    const statuses: Record<string, number> = {};
    for (const path of [
      '/v1/auth/login?x=1',
      '/v1/auth/%6C%6Fgin',
      '/v1/auth/login/',
      '/v1/auth//login',
      '//v1/auth/login',
      '/v1/auth%2Flogin',
      '/V1/auth/login',
      '/v1/auth/login;x=1',
      '/v1/me/../auth/login',
      '/v1/auth/./login',
    ])
      statuses[path] = (await postExactly(url, path)) ?? 0;
    expect(Object.entries(statuses).filter(([, status]) => status !== 429 && status !== 404)).toEqual([]);
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      const response = await limited.anonymous.get('/v1/auth/login', { [name]: 'POST' });
      expectProblem(response, 405, 'route.method_not_allowed');
    }
    // Requests of one connection, the next sent before the response of the last.
    expect(new Set(await pipeline(url, 'POST /v1/auth/login', 5))).toEqual(new Set([429]));
  } finally {
    await limited.close();
  }
});

test.each([
  ['is down', (redis: TestProxy) => redis.cut()],
  ['does not respond', (redis: TestProxy) => redis.lose()],
])('no request is limited or held back while Redis %s', async (_state, fail) => {
  const redis = await TestProxy.to(await freshRedis());
  // In tests the time limit of a count is long.
  const limited = await startGateway({ REDIS_URL: redis.url, ROOST_ENV: 'development' });
  try {
    fail(redis);
    for (let n = 0; n < 3; n++) expect((await limited.anonymous.post('/v1/auth/login', {})).status).toBe(200);
    redis.mend();
    await eventually(async () =>
      expect((await limited.anonymous.post('/v1/auth/login', {})).status).toBe(429),
    );
  } finally {
    redis.mend();
    await limited.close();
    redis.close();
  }
});

it('the graph takes no password, code of a log-in or token: no mutation is a log-in', () => {
  const file = new URL('../../../docs/graph/schema.graphql', import.meta.url);
  const types = Object.values(buildSchema(readFileSync(file, 'utf8')).getTypeMap());
  const inputs = types.flatMap((type) => {
    // Its `code` verifies a phone number: identity counts five tries in the database, also of aliases in one request.
    if (type.name === 'VerifyPhoneInput') return [];
    if (isInputObjectType(type)) return Object.keys(type.getFields());
    if (!isObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap(({ name, args }) => {
      // Their `token` of 256 bits reads a wishlist. It is not a log-in.
      if (/^sharedWishlist/.test(name)) return [name];
      const isOperation = type.name === 'Query' || type.name === 'Mutation';
      return [...(isOperation ? [name] : []), ...args.map((arg) => arg.name)];
    });
  });
  expect(inputs).toContain('updateMe');
  expect(inputs.filter((name) => /password|^code$|token|mfa(?!Enabled)|log_?in|refresh/i.test(name))).toEqual(
    [],
  );
});
