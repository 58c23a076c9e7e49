import { PassThrough } from 'node:stream';
import { jest } from '@jest/globals';
import { LOGGER } from '@roost/platform';
import { eventually, expectProblem, startTestService, type TestService, testUser } from '@roost/testing';
import { gateway } from '../src/service.js';
import { SERVICES, type Upstream as Name } from '../src/routes/release.js';
import type { Logger } from 'pino';
import { aDocument, startUpstream, type Upstream } from './upstream.fixture.js';

const PATH = '/v1/me/report';

const user = testUser();
const document = aDocument({
  [PATH]: { get: { security: [{ bearer: [] }], 'x-roost-joined': true } },
  '/v1/me/alone': { get: { security: [{ bearer: [] }] } },
});

let upstreams: Record<Name, Upstream>;
let service: TestService;

beforeAll(async () => {
  const started = await Promise.all(
    SERVICES.map((name) => startUpstream(name === 'identity' ? document : aDocument({}))),
  );
  upstreams = Object.fromEntries(SERVICES.map((name, index) => [name, started[index]])) as typeof upstreams;
  const urls = SERVICES.map((name) => [`${name.toUpperCase()}_URL`, upstreams[name].url] as const);
  service = await startTestService(gateway, {
    env: { ...Object.fromEntries(urls), RATE_LIMIT_PER_MINUTE: '0' },
  });
  await eventually(async () => expect((await service.as(user).get('/v1/me/alone')).status).toBe(200));
});
beforeEach(() => {
  for (const name of SERVICES)
    upstreams[name].reply = (reply) => {
      const { method, url } = reply.request;
      return reply.header('x-from', name).header(`x-of-${name}`, 'true').send({ method, url });
    };
});
afterAll(async () => {
  await service.close();
  for (const upstream of Object.values(upstreams)) await upstream.close();
});

const get = () => service.as(user).get(PATH);

test('the JSON of all services is joined, with the headers of the first', async () => {
  const { status, headers, body } = await get();
  expect(status).toBe(200);
  expect(headers.get('x-from')).toBe(SERVICES[0]);
  for (const name of SERVICES.slice(1)) expect(headers.has(`x-of-${name}`)).toBe(false);
  expect(Object.keys(body)).toEqual([...SERVICES]);
  for (const name of SERVICES) {
    expect(body[name]).toMatchObject({ method: 'GET', url: PATH });
    expect(upstreams[name].seen.at(-1)?.headers.authorization).toBe(`Bearer ${user.token}`);
  }
});

test('a route without the extension reaches its service only', async () => {
  const { body } = await service.as(user).get('/v1/me/alone');
  expect(body).toMatchObject({ url: '/v1/me/alone' });
  expect(upstreams.listings.seen.map(({ url }) => url)).not.toContain('/v1/me/alone');
});

test('requires a token', async () => {
  expectProblem(await service.anonymous.get(PATH), 401, 'auth.missing_token');
});

test('a response other than 200 is passed on alone, and those before it are discarded', async () => {
  const [first] = SERVICES;
  const endless = new PassThrough();
  endless.write('{');
  upstreams[first].reply = (reply) =>
    reply.header(`x-of-${first}`, 'true').type('application/json').send(endless);
  upstreams.payments.reply = (reply) =>
    reply.code(404).header('x-from', 'payments').send({ code: 'export.not_found' });
  const { status, headers, body } = await get();
  expect({ status, body }).toEqual({ status: 404, body: { code: 'export.not_found' } });
  expect(headers.get('x-from')).toBe('payments');
  expect(headers.has(`x-of-${first}`)).toBe(false);
  await eventually(() => expect(endless.destroyed).toBe(true));
});

test('is 503 if a service closes the connection without a response', async () => {
  upstreams.reviews.reply = (reply) => {
    reply.request.raw.socket.destroy();
    return reply.hijack();
  };
  expectProblem(await get(), 503, 'service.unavailable');
});

test('a client that disconnects before the response is no failure in the log', async () => {
  const warn = jest.spyOn(service.get<Logger>(LOGGER), 'warn');
  const state = { asked: false, closed: false };
  upstreams.reviews.reply = (reply) => {
    state.asked = true;
    reply.raw.once('close', () => (state.closed = true));
    return reply.hijack();
  };
  const client = new AbortController();
  const headers = { authorization: `Bearer ${user.token}` };
  const response = fetch(service.url + PATH, { headers, signal: client.signal });
  await eventually(() => expect(state.asked).toBe(true));
  client.abort();
  await expect(response).rejects.toThrow();
  await eventually(() => expect(state.closed).toBe(true));
  // A later request has its response after the earlier one has ended.
  upstreams.reviews.reply = null;
  expect((await get()).status).toBe(200);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test('the connection is closed before the end if a service fails in the middle', async () => {
  upstreams.bookings.reply = (reply) => {
    reply.raw.writeHead(200, { 'content-type': 'application/json' });
    reply.raw.write('{"half":', () => reply.raw.destroy());
    return reply.hijack();
  };
  await expect(get()).rejects.toThrow();
  upstreams.bookings.reply = null;
  expect((await get()).status).toBe(200);
});
