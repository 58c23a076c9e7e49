import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually, TestClient } from '@roost/testing';
import { Painter } from '../src/demo/painter.js';
import { CITIES } from '../src/demo/places.js';
import {
  type Env,
  freshEnvironment,
  freshFolder,
  isRunning,
  postgresPid,
  redisPid,
  run,
  stopAll,
} from './launcher.js';

jest.setTimeout(400_000);
afterAll(stopAll);

const COUNTS = {
  listings: 36,
  pictures: 132,
  bookings: { awaiting_host: 2, cancelled: 3, completed: 17, confirmed: 6, declined: 1, in_stay: 2 },
  reviews: 16,
  wishlists: 3,
};
const SMALL_PICTURE_WIDTH = 160;

const root = new URL('../../../', import.meta.url);

/**
 * Stores small versions of all pictures but one, so that Roost draws that one only. Full pictures take two minutes of CPU
 * time to draw and to resize. Returns how many it has stored.
 */
async function storeSmallPictures(folder: string): Promise<number> {
  const painter = new Painter(folder, SMALL_PICTURE_WIDTH);
  const views = ['outside', 'living', 'bedroom', 'kitchen'] as const;
  const [, ...pictures] = CITIES.flatMap(({ city, places }) =>
    places.flatMap(({ title }) => views.map((view) => ({ subject: { city, title }, view }))),
  );
  await Promise.all(pictures.map(({ subject, view }) => painter.draw(subject, view)));
  painter.close();
  return pictures.length;
}

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

async function logIn(gateway: TestClient, name: string): Promise<TestClient> {
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

/** Each test continues with the data folder of the previous one. */
describe('the demo data', () => {
  let env: Env;
  let interruptedDataDir: string;
  let storedPictures: number;
  let gateway: TestClient;
  beforeAll(async () => {
    env = { ...(await freshEnvironment()), ROOST_DEMO: 'on', RATE_LIMIT_PER_MINUTE: '0' };
    gateway = new TestClient(`http://127.0.0.1:${env.PORT}`);
    storedPictures = await storeSmallPictures(join(env.ROOST_DATA_DIR ?? '', 'demo', 'pictures'));
  });

  const search = async (query: string) =>
    (await gateway.get<{ data: Hit[] }>(`/v1/listings/search?limit=100&${query}`)).body.data;

  test('starts over after an interrupted replay of the past, before the gateway opens', async () => {
    const killed = run(env);
    await killed.prints('demo data: replaying');
    const servers = [postgresPid(env), redisPid(env)];
    await killed.ends('SIGKILL');
    await eventually(() => expect(servers.filter(isRunning)).toEqual([]));
    interruptedDataDir = join(freshFolder(), 'data');
    cpSync(env.ROOST_DATA_DIR ?? '', interruptedDataDir, { recursive: true });

    const next = run(env);
    await next.prints('demo data: adding the remaining');
    expect(next.output()).toContain('deleting all data and starting over');
    expect(next.output().indexOf('demo data: replaying')).toBeLessThan(
      next.output().indexOf('Roost is ready'),
    );
    const response = await fetch(`${env.IDENTITY_URL}/dev/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"advance":"PT0S"}',
    });
    const { now } = (await response.json()) as { now: string };
    expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(60_000);
    // This interrupts the load of the remaining data.
    expect(await next.ends('SIGINT')).toBe(0);
    expect(next.output()).not.toContain('demo data loaded');
  });

  test('continues with the remaining data at the next start, until it is complete', async () => {
    const roost = run(env);
    await roost.prints('demo data loaded');
    expect(roost.output()).not.toContain('replaying');
    expect(roost.output()).toContain(`${COUNTS.listings} places, ${COUNTS.pictures} pictures, 31 bookings`);
    // Roost has drawn the picture that was not stored.
    expect(readdirSync(join(env.ROOST_DATA_DIR ?? '', 'demo', 'pictures')).length).toBe(storedPictures + 1);

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
    expect(photo.headers.get('cache-control')).toContain('max-age=300');

    const host = await logIn(gateway, 'host1');
    const requests = await host.get<{ data: unknown[] }>('/v1/me/bookings?role=host&state=awaiting_host');
    expect(requests.body.data).toHaveLength(1);

    const admin = await logIn(gateway, 'admin');
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

  test('is not loaded twice; a reset deletes all data and loads the same again', async () => {
    const roost = run(env);
    await roost.prints('Ctrl-C stops everything.');
    const made = await gateway.post<{ accessToken: string }>('/dev/users', {
      roles: ['host'],
      emailVerified: true,
    });
    const own = gateway.with({ authorization: `Bearer ${made.body.accessToken}` });
    expect((await own.get('/v1/me')).status).toBe(200);

    const rejected = await roostCli(env, 'demo', 'reset');
    expect([rejected.code, rejected.out]).toEqual([1, '']);
    expect(rejected.err).toContain('--yes');
    expect((await own.get('/v1/me')).status).toBe(200);

    const { code, out } = await roostCli(env, 'demo', 'reset', '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(COUNTS);
    expect(roost.output().match(/demo data: replaying/g)).toHaveLength(1);
    expect((await own.get('/v1/me')).status).toBe(401);
    expect(await roost.ends('SIGINT')).toBe(0);
  });

  test('without demo data, the rest of an interrupted replay is deleted once, and later data never', async () => {
    const without: Env = {
      ...(await freshEnvironment()),
      ROOST_DATA_DIR: interruptedDataDir,
      ROOST_DEMO: 'accounts',
    };
    const first = run(without);
    await first.prints('Ctrl-C stops everything.');
    expect(first.output()).toContain('deleting all data and starting over');
    const client = new TestClient(`http://127.0.0.1:${without.PORT}`);
    const made = await client.post<{ email: string; password: string }>('/dev/users', {
      emailVerified: true,
    });
    expect(await first.ends('SIGINT')).toBe(0);

    const second = run(without);
    await second.prints('Ctrl-C stops everything.');
    expect(second.output()).not.toContain('demo data');
    const { email, password } = made.body;
    expect((await client.post('/v1/auth/login', { email, password })).status).toBe(200);
    expect(await second.ends('SIGINT')).toBe(0);
  });
});

test('a reset of a Roost in production is rejected', async () => {
  const env = await freshEnvironment();
  const { code, err } = await roostCli({ ...env, ROOST_ENV: 'production' }, 'demo', 'reset', '--yes');
  expect(code).toBe(1);
  expect(err).toMatch(/production installation: .*nothing was deleted\.$/m);
});
