import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { TestClient } from '@roost/testing';
import { aPlace, cleanUp, type Env, run } from './standalone.js';

jest.setTimeout(400_000);
afterAll(cleanUp);

const COUNTS = {
  listings: 36,
  pictures: 132,
  bookings: { awaiting_host: 2, cancelled: 3, completed: 17, confirmed: 6, declined: 1, in_stay: 2 },
  reviews: 16,
  wishlists: 3,
};

const root = new URL('../../../', import.meta.url);

async function roostCli(env: Env, ...args: string[]) {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--import',
      new URL('tools/register.js', root).href,
      new URL('tools/src/cli/main.ts', root).pathname,
      ...args,
    ],
    { env: { ...process.env, ROOST_ENV: 'development', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [out, err] = [text(child.stdout), text(child.stderr)];
  const [code] = (await once(child, 'close')) as [number];
  return { code, out: await out, err: await err };
}

async function person(gateway: TestClient, name: string): Promise<TestClient> {
  const { body } = await gateway.post<{ accessToken: string }>('/v1/auth/login', {
    email: `${name}@demo.roost.example`,
    password: 'roost-demo-password',
  });
  return gateway.with({ authorization: `Bearer ${body.accessToken}` });
}

interface Hit {
  id: string;
  city: string;
  currency: string;
  rating: { mean: number; count: number } | null;
  coverUrl: string;
}

/** One Roost, told in the order of its life: each test goes on where the one before has left it. */
describe('the demo data', () => {
  let env: Env;
  let gateway: TestClient;
  beforeAll(async () => {
    env = { ...(await aPlace()), ROOST_DEMO: 'on', RATE_LIMIT_PER_MINUTE: '0' };
    gateway = new TestClient(`http://127.0.0.1:${env.PORT}`);
  });

  const search = async (query: string) =>
    (await gateway.get<{ data: Hit[] }>(`/v1/listings/search?limit=100&${query}`)).body.data;

  test('starts over when its past was cut short, before anybody was let in', async () => {
    const killed = run(env);
    await killed.says('demo data: living through');
    await killed.ends('SIGKILL');

    const next = run(env);
    await next.says('demo data: the rest');
    expect(next.output()).toContain('starting over with nothing');
    expect(next.output().indexOf('demo data: living through')).toBeLessThan(
      next.output().indexOf('Roost is ready'),
    );
    const answer = await fetch(`${env.IDENTITY_URL}/dev/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"advance":"PT0S"}',
    });
    const { now } = (await answer.json()) as { now: string };
    expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(60_000);
    // In the middle of the rest.
    expect(await next.ends('SIGINT')).toBe(0);
    expect(next.output()).not.toContain('demo data loaded');
  });

  test('goes on with the rest at the next start, and is whole', async () => {
    const roost = run(env);
    await roost.says('demo data loaded');
    expect(roost.output()).not.toContain('living through');
    expect(roost.output()).toContain(`${COUNTS.listings} places, ${COUNTS.pictures} pictures, 31 bookings`);

    const [lisbon, montreal, kyoto] = await Promise.all(
      ['city=Lisbon&guests=2', 'city=Montr%C3%A9al', 'city=Kyoto'].map(search),
    );
    expect(lisbon?.length).toBeGreaterThan(5);
    expect([lisbon, montreal, kyoto].map((hits) => hits?.[0]?.currency)).toEqual(['EUR', 'CAD', 'JPY']);
    const rated = [lisbon, montreal, kyoto]
      .flatMap((hits) => hits ?? [])
      .filter(({ rating }) => rating !== null);
    expect(rated.reduce((sum, { rating }) => sum + (rating?.count ?? 0), 0)).toBe(16);

    const photo = await gateway.get(new URL(lisbon?.[0]?.coverUrl ?? '').pathname);
    expect(photo.headers.get('content-type')).toBe('image/jpeg');
    expect(photo.headers.get('cache-control')).toContain('immutable');

    const host = await person(gateway, 'host1');
    const requests = await host.get<{ data: unknown[] }>('/v1/me/bookings?role=host&state=awaiting_host');
    expect(requests.body.data).toHaveLength(1);

    const admin = await person(gateway, 'admin');
    const accounts = await admin.get<{ data: { currency: string; balanceMinor: number }[] }>(
      '/v1/admin/ledger/accounts?limit=100',
    );
    const sums = new Map<string, number>();
    for (const { currency, balanceMinor } of accounts.body.data) {
      sums.set(currency, (sums.get(currency) ?? 0) + balanceMinor);
    }
    expect(Object.fromEntries(sums)).toEqual({ EUR: 0, CAD: 0, JPY: 0 });
    const reconciled = await admin.get<{ differences: unknown[] }>('/v1/admin/reconciliation');
    expect(reconciled.body.differences).toEqual([]);
    expect(await roost.ends('SIGINT')).toBe(0);
  });

  test('is not loaded twice; a reset empties all and gives the same again', async () => {
    const roost = run(env);
    await roost.says('Ctrl-C stops everything.');
    const made = await gateway.post<{ accessToken: string }>('/dev/users', {
      roles: ['host'],
      emailVerified: true,
    });
    const own = gateway.with({ authorization: `Bearer ${made.body.accessToken}` });
    expect((await own.get('/v1/me')).status).toBe(200);

    const refused = await roostCli(env, 'demo', 'reset');
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toContain('--yes');
    expect((await own.get('/v1/me')).status).toBe(200);

    const { code, out } = await roostCli(env, 'demo', 'reset', '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(COUNTS);
    expect(roost.output().match(/demo data: living through/g)).toHaveLength(1);
    expect((await own.get('/v1/me')).status).toBe(401);
    expect(await roost.ends('SIGINT')).toBe(0);
  });
});

test('without demo data, what an interrupted past has left is emptied once, and never again', async () => {
  const env: Env = { ...(await aPlace()), ROOST_DEMO: 'on' };
  const killed = run(env);
  await killed.says('demo data: living through');
  await killed.ends('SIGKILL');

  const without = { ...env, ROOST_DEMO: 'accounts' };
  const first = run(without);
  await first.says('Ctrl-C stops everything.');
  expect(first.output()).toContain('starting over with nothing');
  const gateway = new TestClient(`http://127.0.0.1:${env.PORT}`);
  const made = await gateway.post<{ email: string; password: string }>('/dev/users', { emailVerified: true });
  expect(await first.ends('SIGINT')).toBe(0);

  const second = run(without);
  await second.says('Ctrl-C stops everything.');
  expect(second.output()).not.toContain('demo data');
  const { email, password } = made.body;
  expect((await gateway.post('/v1/auth/login', { email, password })).status).toBe(200);
  expect(await second.ends('SIGINT')).toBe(0);
});

test('a Roost in production is refused', async () => {
  const env = await aPlace();
  const { code, err } = await roostCli({ ...env, ROOST_ENV: 'production' }, 'demo', 'reset', '--yes');
  expect(code).toBe(1);
  expect(err).toMatch(/production: .*nothing is emptied\.$/m);
});
