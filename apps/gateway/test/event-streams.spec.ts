import {
  eventually,
  expectProblem,
  startTestService,
  TestEventStream,
  type TestService,
  testUser,
} from '@roost/testing';
import { Health } from '@roost/platform';
import { gateway } from '../src/service.js';
import { aDocument, paths, startUpstream, type Upstream } from './upstream.fixture.js';

/** More than the connections that other requests share. */
const MANY = 140;

const user = testUser();
let identity: Upstream;
let service: TestService;
const open: TestEventStream[] = [];

const startGateway = () =>
  startTestService(gateway, {
    env: {
      IDENTITY_URL: identity.url,
      LISTINGS_URL: 'http://127.0.0.1:9',
      BOOKINGS_URL: 'http://127.0.0.1:9',
      PAYMENTS_URL: 'http://127.0.0.1:9',
      REVIEWS_URL: 'http://127.0.0.1:9',
      RATE_LIMIT_PER_MINUTE: '0',
    },
  });

beforeAll(async () => {
  identity = await startUpstream(aDocument(paths.identity));
  service = await startGateway();
  await eventually(async () => expect((await service.as(user).get('/v1/me')).status).toBe(200));
});
afterEach(async () => {
  for (const stream of open.splice(0)) stream.close();
  // A client that goes ends the stream of the service too.
  await eventually(() => expect(identity.streams).toEqual([]));
});
afterAll(async () => {
  await service.close();
  await identity.close();
});

async function follow(headers: Record<string, string> = {}, at = service): Promise<TestEventStream> {
  const authorization = `Bearer ${user.token}`;
  const stream = await TestEventStream.open(`${at.url}/v1/me/events`, { authorization, ...headers });
  open.push(stream);
  return stream;
}

test('passes each event on at once, and the id to resume from', async () => {
  const stream = await follow({ 'last-event-id': '42-1' });
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
  expect(await stream.next()).toMatchObject({ data: { url: '/v1/me/events', lastEventId: '42-1' } });
  for (const number of [1, 2]) {
    identity.streams[0]?.write(`data: {"number":${number}}\n\n`);
    expect(await stream.next()).toMatchObject({ data: { number } });
  }
});

test('is opened up to four times if the service closes the connection without a response', async () => {
  identity.streamsToClose = 3;
  expect(await (await follow()).next()).toMatchObject({ data: { url: '/v1/me/events' } });
  identity.streamsToClose = 4;
  expectProblem(await service.as(user).get('/v1/me/events'), 503, 'service.unavailable');
});

test('ends with the stream of the service', async () => {
  const stream = await follow();
  await stream.next();
  identity.streams[0]?.end();
  expect(await stream.next()).toBeNull();
});

test('ends without an error when the gateway stops', async () => {
  const stopping = await startGateway();
  const stream = await follow({}, stopping);
  await stream.next();
  await stopping.close();
  expect(await stream.next()).toBeNull();
});

test('a stream that is opened while the gateway stops ends at once, and is no error', async () => {
  const stopping = await startGateway();
  await eventually(async () => expect((await stopping.as(user).get('/v1/me')).status).toBe(200));
  stopping.get(Health).drain();
  const stream = await follow({}, stopping);
  expect(await stream.next()).toBeNull();
  await stopping.close();
});

test('requires a token', async () => {
  expectProblem(await service.anonymous.get('/v1/me/events'), 401, 'auth.missing_token');
});

test('open streams leave the connections of other requests free', async () => {
  await Promise.all(Array.from({ length: MANY }, () => follow()));
  expect(identity.streams).toHaveLength(MANY);
  expect((await service.as(user).get('/v1/me')).status).toBe(200);
});

test('a service that does not respond gives 503', async () => {
  const absent = await startTestService(gateway, {
    env: { ...service.env, IDENTITY_URL: 'http://127.0.0.1:9' },
  });
  expectProblem(await absent.as(user).get('/v1/me/events'), 503, 'service.unavailable');
  await absent.close();
});
