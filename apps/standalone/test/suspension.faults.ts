import { jest } from '@jest/globals';
import { eventually, expectProblem, TestClient, TestEventStream, type TestResponse } from '@roost/testing';
import { UNKNOWN_ID } from './every-route.js';
import { DISTRIBUTED, type Env, freshEnvironment, run, stopAll } from './launcher.js';
import { dayAhead, Marketplace } from './marketplace.fixture.js';

jest.setTimeout(300_000);

const SUSPENSIONS = 10;
const REPEATS = 20;

/** A write in each service that an active user may repeat. */
const WRITES: Record<
  string,
  (user: TestClient, listings: { own: string; other: string }) => Promise<TestResponse>
> = {
  identity: (user) => user.patch('/v1/me', { displayName: 'Ada' }),
  listings: (user, { own }) => user.patch(`/v1/listings/${own}`, { title: 'A flat' }),
  bookings: (user, { other: listingId }) =>
    user.post('/v1/quotes', {
      ...{ listingId, checkInDate: dayAhead(30), checkOutDate: dayAhead(32) },
      guests: { adults: 1, children: [], infants: 0, pets: 0 },
    }),
  payments: (user) =>
    user.put('/v1/me/payout-account', {
      ...{ provider: 'sandbox', currency: 'EUR', reference: 'acct_1032D82eZvKYlo2C' },
    }),
  // The review does not exist: an active user gets 404.
  reviews: (user) => user.post(`/v1/reviews/${UNKNOWN_ID}/report`, { reason: 'spam' }),
};

let env: Env;
let anyone: TestClient;
let market: Marketplace;
let other: string;
beforeAll(async () => {
  env = { ...(await freshEnvironment()), RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' };
  await run(env, DISTRIBUTED).prints('Ctrl-C stops everything.');
  anyone = new TestClient(`http://127.0.0.1:${env.PORT}`);
  market = await Marketplace.prepare(anyone);
  other = (await market.book()).booking.listingId;
});
afterAll(stopAll);

/** A host, with a draft and an open stream of events. */
async function createUser() {
  const made = await anyone.post<{ id: string; accessToken: string }>('/dev/users', {
    ...{ roles: ['guest', 'host'], emailVerified: true },
  });
  const authorization = `Bearer ${made.body.accessToken}`;
  const client = anyone.with({ authorization });
  const draft = await client.post<{ id: string }>('/v1/listings', { title: 'A flat' });
  expect(draft.status).toBe(201);
  const stream = await TestEventStream.open(`http://127.0.0.1:${env.PORT}/v1/me/events`, { authorization });
  expect(await stream.next()).toMatchObject({ event: 'ready' });
  return { id: made.body.id, client, stream, listings: { own: draft.body.id, other } };
}

type User = Awaited<ReturnType<typeof createUser>>;

/** Writes again and again until the service refuses, which it then does always. Returns the time of the first refusal. */
async function firstRefusal(service: string, user: User): Promise<number> {
  for (;;) {
    if (!(await isRefused(service, user))) continue;
    const at = performance.now();
    for (let i = 0; i < REPEATS; i++) expect(await isRefused(service, user)).toBe(true);
    await eventually(async () => expectProblem(await write(service, user), 403, 'account.suspended'));
    return at;
  }
}

const write = (service: string, { client, listings }: User): Promise<TestResponse> => {
  const call = WRITES[service];
  if (!call) throw new Error(`there is no write for ${service}`);
  return call(client, listings);
};

/** The end of the session and the suspension are two events: a service may handle either one first. */
async function isRefused(service: string, user: User): Promise<boolean> {
  const { status, body } = await write(service, user);
  if (body.code === 'account.suspended' || body.code === 'auth.invalid_token') return true;
  expect({ service, status, isDone: status < 300 || body.code === 'review.not_found' }).toMatchObject({
    isDone: true,
  });
  return false;
}

test('a suspension binds in every service within moments, and ends the stream of events', async () => {
  const services = Object.keys(WRITES);
  const delays: Record<string, number[]> = Object.fromEntries(
    [...services, 'stream'].map((name) => [name, []]),
  );
  for (let i = 0; i < SUSPENSIONS; i++) {
    const user = await createUser();
    for (const service of services) expect(await isRefused(service, user)).toBe(false);
    const refusals = Promise.all(services.map((service) => firstRefusal(service, user)));
    // Before the commit, so that no delay is shorter than the real one.
    const start = performance.now();
    const path = `/v1/admin/users/${user.id}/suspend`;
    const [suspension, times, streamEnd] = await Promise.all([
      market.admin.post(path, { reason: 'A report of fraud' }),
      refusals,
      user.stream.next().then((event) => (expect(event).toBeNull(), performance.now())),
    ]);
    expect(suspension.status).toBe(204);
    for (const [at, time] of times.entries()) delays[services[at] ?? '']?.push(time - start);
    delays.stream?.push(streamEnd - start);
  }
  const figures = Object.entries(delays).map(([name, all]) => {
    const sorted = all.map(Math.round).sort((a, b) => a - b);
    return `${name.padEnd(10)} median ${sorted[Math.floor(sorted.length / 2)]} ms, longest ${sorted.at(-1)} ms`;
  });
  process.stdout.write(
    `From the request of a suspension to the first refusal, ${SUSPENSIONS} suspensions:\n${figures.join('\n')}\n`,
  );
  for (const all of Object.values(delays)) expect(all).toHaveLength(SUSPENSIONS);
});
