import { randomUUID } from 'node:crypto';
import { Transactions } from '@roost/messaging';
import { Metrics } from '@roost/platform';
import { eventually, expectProblem, TestEventStream } from '@roost/testing';
import { insertLiveEvent } from '../src/live-event/live-event.queries.js';
import { SessionJobs } from '../src/session/session.jobs.js';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';
import { type BookingScenario, createScenario } from './notification.fixture.js';

let identity: TestIdentity;
let booking: BookingScenario;
const streams: TestEventStream[] = [];

beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  booking = await createScenario(identity);
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await eventually(async () =>
    expect(await identity.service.get(Metrics).text()).toMatch(/^roost_event_streams.* 0$/m),
  );
});
afterAll(() => identity.close());

async function follow(account: TestAccount, lastEventId?: string, at = identity): Promise<TestEventStream> {
  const stream = await TestEventStream.open(`${at.service.url}/v1/me/events`, {
    authorization: `Bearer ${account.accessToken}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  });
  streams.push(stream);
  return stream;
}

/** Opens a stream and reads the event with which it begins. */
async function ready(account: TestAccount): Promise<TestEventStream> {
  const stream = await follow(account);
  expect(await stream.next()).toMatchObject({ event: 'ready', data: {} });
  return stream;
}

const types = async (stream: TestEventStream, count: number): Promise<(string | undefined)[]> => {
  const seen = [];
  for (let i = 0; i < count; i++) seen.push((await stream.next())?.event);
  return seen;
};

test('only guest and host receive the events of their booking and messages', async () => {
  const stranger = await createScenario(identity);
  const [guest, host, other] = [
    await ready(booking.guest),
    await ready(booking.host),
    await ready(stranger.guest),
  ];
  await booking.confirm();
  await booking.sendMessage('host');
  await stranger.create();
  const { bookingId, listingId } = booking.facts;
  for (const stream of [guest, host]) {
    expect(await stream.next()).toMatchObject({
      event: 'booking.created',
      data: { bookingId, listingId, state: 'pending_payment' },
    });
    expect(await stream.next()).toMatchObject({
      event: 'booking.confirmed',
      data: { bookingId, listingId, state: 'confirmed' },
    });
    expect(await stream.next()).toMatchObject({
      event: 'message.sent',
      data: { threadId: bookingId, messageId: expect.any(String), bookingId },
    });
  }
  expect(await other.next()).toMatchObject({ data: { bookingId: stranger.facts.bookingId } });
});

test('the response is one that proxies pass on at once and store nowhere', async () => {
  const { headers } = (await ready(booking.guest)).response;
  expect(headers.get('content-type')).toBe('text/event-stream');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-accel-buffering')).toBe('no');
});

test('a client that connects again with the last id receives what it has missed, in order', async () => {
  const first = await ready(booking.guest);
  await booking.create();
  const created = await first.next();
  first.close();
  await booking.deliver('booking.declined', 'declined', {});
  await booking.sendMessage('host');
  const second = await follow(booking.guest, created?.id);
  expect(await types(second, 2)).toEqual(['booking.declined', 'message.sent']);
});

test('the event `ready` has an id to connect again with', async () => {
  const stream = await follow(booking.guest);
  const start = await stream.next();
  stream.close();
  await booking.create();
  expect(await (await follow(booking.guest, start?.id)).next()).toMatchObject({ event: 'booking.created' });
});

test('the id of an event has the time of the event, so that a client that is interrupted while it catches up misses none', async () => {
  await booking.create();
  await identity.service.query(
    "UPDATE live_event SET created_at = now() - interval '23 hours' WHERE user_id = $1",
    [booking.guest.id],
  );
  const before = `0-${Math.floor(Date.now() / 1000) - 60}`;
  const [, seconds] = ((await (await follow(booking.guest, before)).next())?.id ?? '').split('-');
  expect(Date.now() / 1000 - Number(seconds)).toBeGreaterThan(22 * 60 * 60);
});

test('an id of a database that was replaced by an older one is not resumed', async () => {
  const ahead = `999999999-${Math.floor(Date.now() / 1000)}`;
  expect(await (await follow(booking.guest, ahead)).next()).toMatchObject({ event: 'resync' });
});

test.each(['nonsense', '17-1', '1'])('a client with the id %j has to read everything again', async (id) => {
  await booking.create();
  const stream = await follow(booking.guest, id);
  expect(await stream.next()).toMatchObject({ event: 'resync', data: {} });
  await booking.sendMessage('host');
  expect(await stream.next()).toMatchObject({ event: 'message.sent' });
});

test('a redelivered event is sent once', async () => {
  const stream = await ready(booking.guest);
  await booking.sendMessage('host', {}, { times: 3 });
  await booking.create();
  expect(await types(stream, 2)).toEqual(['message.sent', 'booking.created']);
});

test('an event that commits late is not passed by one that was added after it', async () => {
  const stream = await ready(booking.guest);
  let commit: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (commit = resolve));
  let inserted: () => void = () => undefined;
  const isInserted = new Promise<void>((resolve) => (inserted = resolve));
  const event = {
    userIds: [booking.guest.id],
    eventId: randomUUID(),
    type: 'late',
    data: {},
    now: new Date(),
  };
  const late = identity.service.get(Transactions).run(async (em) => {
    await insertLiveEvent(em, event);
    inserted();
    await held;
  });
  await isInserted;
  const next = booking.sendMessage('host');
  await eventually(async () => expect(await identity.service.lockWaits()).toBe(1));
  commit();
  await Promise.all([late, next]);
  expect(await types(stream, 2)).toEqual(['late', 'message.sent']);
});

test('nothing is sent after the session has ended', async () => {
  const stream = await ready(booking.guest);
  expect((await identity.with(booking.guest.accessToken).post('/v1/auth/logout')).status).toBe(204);
  await booking.create();
  expect(await stream.next()).toBeNull();
});

describe('an open stream ends, before the next heartbeat,', () => {
  const BEFORE_HEARTBEAT_MS = 10_000;
  type End = (account: TestAccount) => Promise<{ status: number }>;
  const newPassword = 'quiet harbour lamp';

  it.each<[string, End]>([
    ['when the user logs out', ({ accessToken }) => identity.with(accessToken).post('/v1/auth/logout')],
    [
      'when the user is suspended',
      async ({ id }) => {
        const admin = await identity.createUser({ roles: ['admin'] });
        return identity.with(admin.accessToken).post(`/v1/admin/users/${id}/suspend`);
      },
    ],
    ['when the user is erased', ({ accessToken }) => identity.with(accessToken).delete('/v1/me')],
    [
      'when another session changes the password',
      async ({ email, password }) => {
        const { body } = await identity.logIn(email, password);
        const change = { currentPassword: password, newPassword };
        return identity.with(body.accessToken).post('/v1/me/password', change);
      },
    ],
  ])(
    '%s',
    async (_, end) => {
      const account = await identity.createUser();
      const [stream, other] = [await ready(account), await ready(booking.host)];
      expect((await end(account)).status).toBeLessThan(300);
      expect(await stream.next()).toBeNull();
      await booking.create();
      expect(await other.next()).toMatchObject({ event: 'booking.created' });
    },
    BEFORE_HEARTBEAT_MS,
  );

  it('but not those of other sessions of the user', async () => {
    const { body } = await identity.logIn(booking.guest.email, booking.guest.password);
    const stream = await ready(booking.guest);
    expect((await identity.with(body.accessToken).post('/v1/auth/logout')).status).toBe(204);
    await booking.create();
    expect(await stream.next()).toMatchObject({ event: 'booking.created' });
  });
});

test('a user has at most four streams', async () => {
  for (let i = 0; i < 4; i++) await ready(booking.guest);
  const fifth = await identity.with(booking.guest.accessToken).get('/v1/me/events');
  expectProblem(fifth, 429, 'rate.too_many_streams');
  expect(fifth.headers.get('retry-after')).toBe('1');
  await ready(booking.host);
  streams.shift()?.close();
  await eventually(async () => void (await ready(booking.guest)));
});

test('requires a token', async () => {
  expectProblem(await identity.anonymous.get('/v1/me/events'), 401, 'auth.missing_token');
});

test('streams end when the service stops', async () => {
  const stopping = await startIdentity();
  const stream = await follow(await stopping.createUser(), undefined, stopping);
  expect(await stream.next()).toMatchObject({ event: 'ready' });
  await stopping.close();
  expect(await stream.next()).toBeNull();
});

test('events are deleted after a day', async () => {
  await booking.create();
  await booking.sendMessage('host');
  await identity.service.query(
    "UPDATE live_event SET created_at = now() - interval '25 hours' WHERE user_id = $1 AND type = 'booking.created'",
    [booking.guest.id],
  );
  await identity.service.get(SessionJobs).purge();
  expect(
    await identity.service.query('SELECT type FROM live_event WHERE user_id = $1', [booking.guest.id]),
  ).toEqual([{ type: 'message.sent' }]);
});
