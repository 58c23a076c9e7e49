import { jest } from '@jest/globals';
import { SigningKeyService } from '@roost/app-identity';
import { TestClient } from '@roost/testing';
import { Marketplace, type Person } from './graph.fixture.js';

jest.setTimeout(300_000);

/** A read in each service. */
const ROUTES = [
  ...['/v1/me', '/v1/me/wishlists', '/v1/me/bookings', '/v1/me/payouts'],
  '/v1/me/reviews/pending',
];
const ROTATIONS = 3;
const REQUESTS_PER_STEP = 300;
/** The times of docs/adr/0018: until a new key signs, and until the tokens of the previous one have expired. */
const LEAD_SECONDS = 600;
const TAIL_SECONDS = 900;

const market = new Marketplace();
let person: Person & { refreshToken: string };
beforeAll(async () => {
  await market.open({ RATE_LIMIT_PER_MINUTE: '0' });
  person = (await market.createPerson(['host'])) as typeof person;
});
afterAll(() => market.close());

const keys = () => market.service('identity').get(SigningKeyService);
const keyOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

async function publishedKeys(): Promise<string[]> {
  const { body } = await market.gateway.anonymous.get<{ keys: { kid: string }[] }>('/.well-known/jwks.json');
  return body.keys.map(({ kid }) => kid);
}

/** As if this time had passed for the keys. Identity reads them again. */
async function pass(seconds: number): Promise<void> {
  await market.service('identity').query(
    `UPDATE signing_key SET created_at = created_at - make_interval(secs => $1),
       active_from = active_from - make_interval(secs => $1), retire_at = retire_at - make_interval(secs => $1)`,
    [seconds],
  );
  await keys().rotateWhenDue();
}

async function refreshed(): Promise<string> {
  const { refreshToken } = person;
  const { status, body } = await market.gateway.anonymous.post<typeof person>('/v1/auth/refresh', {
    refreshToken,
  });
  expect(status).toBe(200);
  person = { ...person, ...body };
  return body.accessToken;
}

interface Requests {
  sent: number;
  failed: string[];
}

/** Sends requests with each token to each service without a pause, before, during and after the step. */
async function duringRequests(tokens: readonly string[], step: () => Promise<unknown>): Promise<Requests> {
  const requests: Requests = { sent: 0, failed: [] };
  let isDone = false;
  const workers = tokens.flatMap((token, which) => {
    const client: TestClient = market.gateway.anonymous.with({ authorization: `Bearer ${token}` });
    return ROUTES.map(async (path) => {
      while (!isDone || requests.sent < REQUESTS_PER_STEP) {
        const { status } = await client.get(path);
        requests.sent += 1;
        if (status !== 200) requests.failed.push(`${path} with token ${which}: ${status}`);
      }
    });
  });
  await step();
  isDone = true;
  await Promise.all(workers);
  return requests;
}

test('no request fails during rotations of the signing key, with tokens of either key', async () => {
  const all: Requests = { sent: 0, failed: [] };
  const during = async (tokens: readonly string[], step: () => Promise<unknown>): Promise<void> => {
    const { sent, failed } = await duringRequests(tokens, step);
    all.sent += sent;
    all.failed.push(...failed);
  };
  let old = person.accessToken;
  for (let i = 0; i < ROTATIONS; i++) {
    await during([old], () => keys().rotate());
    expect(await publishedKeys()).toHaveLength(2);
    await during([old], () => pass(LEAD_SECONDS + 1));
    const next = await refreshed();
    expect(keyOf(next)).not.toBe(keyOf(old));
    // No other service has read the new key yet, and each gets its first token in these requests.
    await during([old, next], refreshed);
    // The tokens of the old key have expired.
    await during([next], () => pass(TAIL_SECONDS + 1));
    expect(await publishedKeys()).toEqual([keyOf(next)]);
    old = next;
  }
  expect(all.failed).toEqual([]);
  expect(all.sent).toBeGreaterThan(3_000);
});
