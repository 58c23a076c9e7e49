import { jest } from '@jest/globals';
import { inLanes, type TestClient, type TestResponse } from '@roost/testing';
import { PASSWORD, startIdentity, type TestIdentity } from './identity.fixture.js';

jest.setTimeout(180_000);

/** For each kind of address. */
const TRIES = 500;
const LANES = 4;
/** 0.5 is no difference. The standard error of 500 tries of each kind is 0.018. */
const MOST = 0.6;

let cheap: TestIdentity;
/** In the environment `test`, a hash takes only a little longer than the rest of a log-in. */
let withRealHashes: TestIdentity;
beforeAll(async () => {
  cheap = await startIdentity();
  withRealHashes = await startIdentity({ ROOST_ENV: 'development' });
  for (const identity of [cheap, withRealHashes]) await insertAccounts(identity);
});
afterAll(() => Promise.all([cheap.close(), withRealHashes.close()]));

/** Accounts with one password, so that no address reaches its limit of failures. */
async function insertAccounts(identity: TestIdentity): Promise<void> {
  const email = await identity.register();
  for (const kind of ['unverified', 'verified'])
    await identity.service.query(
      `INSERT INTO user_account SELECT (jsonb_populate_record(u, jsonb_build_object(
         'id', gen_random_uuid(), 'email', $2 || '-' || n || '@example.com',
         'email_verified_at', CASE WHEN $2 = 'verified' THEN now() END))).*
       FROM user_account u, generate_series(1, ${TRIES}) n WHERE u.email = $1`,
      [email, kind],
    );
}

type Kind = 'known' | 'unknown';

it.each<[string, 'verified' | 'unverified', (client: TestClient, email: string) => Promise<TestResponse>]>([
  [
    'log-in',
    'verified',
    (client, email) => client.post('/v1/auth/login', { email, password: 'not the password' }),
  ],
  [
    'registration',
    'verified',
    (client, email) => client.post('/v1/auth/register', { email, password: PASSWORD, displayName: 'Ada' }),
  ],
  [
    'verification mail',
    'unverified',
    (client, email) => client.post('/v1/auth/resend-verification', { email }),
  ],
  ['reset mail', 'verified', (client, email) => client.post('/v1/auth/forgot-password', { email })],
])(
  'body and time of a %s are the same for an address with an account and one without',
  async (name, kind, send) => {
    const identity = name === 'log-in' ? withRealHashes : cheap;
    const times: Record<Kind, number[]> = { known: [], unknown: [] };
    const responses = new Set<string>();
    const tries = Array.from({ length: 2 * TRIES }, (_, index) => index);
    await inLanes(tries, LANES, async (index) => {
      // One after the other, so that load on the machine is the same for both.
      const known = index % 2 === 0;
      const number = Math.floor(index / 2) + 1;
      const email = `${known ? kind : `unknown-${name.replace(' ', '-')}`}-${number}@example.com`;
      const start = performance.now();
      const { status, body } = await send(identity.anonymous, email);
      times[known ? 'known' : 'unknown'].push(performance.now() - start);
      responses.add(JSON.stringify({ status, body: { ...body, traceId: undefined } }));
    });
    expect([...responses]).toHaveLength(1);
    const longer = shareOfLonger(times.known, times.unknown);
    expect(Math.max(longer, 1 - longer)).toBeLessThan(MOST);
  },
);

/** How often a time of `some` is longer than one of `others`, over all pairs: the share of right guesses by the time. */
function shareOfLonger(some: readonly number[], others: readonly number[]): number {
  const pairs = some.map((one) => others.filter((other) => one > other).length);
  return pairs.reduce((sum, longer) => sum + longer, 0) / (some.length * others.length);
}
