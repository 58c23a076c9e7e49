import { jest } from '@jest/globals';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@roost/testing';
import {
  type Env,
  freshEnvironment,
  isRunning,
  postgresPid,
  redisPid,
  run,
  type Run,
  stopAll,
} from './launcher.js';

jest.setTimeout(120_000);
afterAll(stopAll);

const DEMO_EMAIL = /\S+@demo\.roost\.example/g;
async function statusOf(url: string): Promise<number> {
  return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).status;
}

async function loginStatus(url: string, credentials: { email: string; password?: string }): Promise<number> {
  const response = await fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  return response.status;
}

test('starts, serves, prints accounts that can log in, stops, and has its data at the second start', async () => {
  const env = await freshEnvironment();
  const first = run(env);
  await first.prints('Ctrl-C stops everything.');
  for (const url of [
    `http://127.0.0.1:${env.PORT}`,
    env.IDENTITY_URL,
    env.LISTINGS_URL,
    env.BOOKINGS_URL,
    env.PAYMENTS_URL,
    env.REVIEWS_URL,
  ]) {
    expect({ url, status: await statusOf(`${url}/health/ready`) }).toEqual({ url, status: 200 });
    expect({ url, status: await statusOf(`${url}/health/live`) }).toEqual({ url, status: 200 });
  }
  expect(await statusOf(`http://127.0.0.1:${env.PORT}/openapi.json`)).toBe(200);
  for (const secret of ['secrets.json', 'postgres/role.password', 'redis/redis.conf', 'roost.log']) {
    expect(statSync(join(env.ROOST_DATA_DIR ?? '', secret)).mode & 0o077).toBe(0);
  }

  const [, password] = /with the password (\S+):/.exec(first.output()) ?? [];
  const emails = first.output().match(DEMO_EMAIL) ?? [];
  expect(password === undefined).toBe(emails.length === 0);
  const logins = await Promise.all(
    emails.map(async (email) => ({
      email,
      status: await loginStatus(env.IDENTITY_URL ?? '', { email, ...(password ? { password } : {}) }),
    })),
  );
  expect(logins).toEqual(emails.map((email) => ({ email, status: 200 })));

  const made = await fetch(`http://127.0.0.1:${env.PORT}/dev/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"roles":["host"],"emailVerified":true}',
  });
  expect(made.status).toBe(201);
  const user = (await made.json()) as { email: string; password: string };
  const servers = [postgresPid(env), redisPid(env)];
  // npm sends a second one at once, which is ignored.
  first.child.kill('SIGINT');
  expect(await first.ends('SIGINT')).toBe(0);
  expect(servers.filter(isRunning)).toEqual([]);
  expect(first.output()).toMatch(/Stopping[^]*Stopped\./);

  const second = run(env);
  await second.prints('Roost is ready');
  const { email } = user;
  expect(await loginStatus(`http://127.0.0.1:${env.PORT}`, { email, password: user.password })).toBe(200);
  expect(await second.ends('SIGTERM')).toBe(0);
});

/** Each test continues with the process or the data folder of the one before it. */
describe('one service, with its data folder from start to start', () => {
  let env: Env;
  let roost: Run;

  beforeAll(async () => {
    env = {
      ...(await freshEnvironment()),
      ROOST_ENV: 'test',
      ROOST_DEMO: '',
      ROOST_SERVICES: 'identity',
    };
    roost = run(env);
    await roost.prints('Ctrl-C stops everything.');
  });

  test('prints no accounts without demo accounts', () => {
    expect(roost.output()).not.toMatch(DEMO_EMAIL);
  });

  test('rejects a second Roost on the same data folder', async () => {
    const second = run({ ...(await freshEnvironment()), ROOST_DATA_DIR: env.ROOST_DATA_DIR ?? '' });
    expect(await second.ends()).toBe(1);
    const { pid } = roost.child;
    expect(
      second
        .output()
        .split('\n')
        .filter((line) => !/^$|^Roost is starting/.test(line)),
    ).toEqual([
      expect.stringMatching(`^The data folder .* is in use by process ${pid}: stop that one first`),
    ]);
  });

  test('runs only the services of ROOST_SERVICES', async () => {
    expect(await statusOf(`${env.IDENTITY_URL}/health/live`)).toBe(200);
    await expect(statusOf(`${env.BOOKINGS_URL}/health/live`)).rejects.toThrow();
    await expect(statusOf(`${env.SANDBOX_URL}/`)).rejects.toThrow();
  });

  test('after kill -9 the next start works at once', async () => {
    const servers = [postgresPid(env), redisPid(env)];
    await roost.ends('SIGKILL');
    roost = run(env);
    await roost.prints('Roost is ready');
    expect(servers.filter(isRunning)).toEqual([]);
  });

  const createUser = () =>
    fetch(`${env.IDENTITY_URL}/dev/users`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });

  /** Kills an embedded server. Returns every response until the first success after its restart. */
  async function responsesAround(pidOf: (env: Env) => number): Promise<string[]> {
    const killed = pidOf(env);
    process.kill(killed, 'SIGKILL');
    const seen = new Set<string>();
    await eventually(
      async () => {
        const response = await createUser();
        seen.add(`${response.status} ${response.headers.get('retry-after') === null ? 'final' : 'retry'}`);
        expect(response.status).toBe(201);
        expect(pidOf(env)).not.toBe(killed);
        expect(await statusOf(`${env.IDENTITY_URL}/health/ready`)).toBe(200);
      },
      { seconds: 40 },
    );
    return [...seen];
  }

  test('a PostgreSQL that ends is restarted; requests meanwhile get 503 with Retry-After', async () => {
    expect((await createUser()).status).toBe(201);
    const others = (await responsesAround(postgresPid)).filter((one) => one !== '201 final');
    expect(others.filter((one) => one !== '503 retry')).toEqual([]);
    await roost.prints('PostgreSQL runs again');
  });

  test('a Redis that ends is restarted; no request fails for good', async () => {
    const others = (await responsesAround(redisPid)).filter((one) => one !== '201 final');
    expect(others.filter((one) => one !== '503 retry')).toEqual([]);
    await roost.prints('Redis runs again');
    expect(await roost.ends('SIGINT')).toBe(0);
  });

  test('a later second Ctrl-C forces the stop, and no server keeps running', async () => {
    roost = run(env);
    await roost.prints('Roost is ready');
    const servers = [postgresPid(env), redisPid(env)];
    for (const pid of servers) process.kill(pid, 'SIGSTOP');
    await eventually(() => {
      roost.child.kill('SIGINT');
      expect(roost.child.exitCode).toBe(130);
    });
    // What it has printed may arrive after its exit code.
    await roost.prints(/Forced to stop\.$/m);
    for (const pid of servers) process.kill(pid, 'SIGCONT');
    await eventually(() => expect(servers.filter(isRunning)).toEqual([]));
  });

  test('after kill -9 its servers end', async () => {
    roost = run(env);
    await roost.prints('Roost is ready');
    const servers = [postgresPid(env), redisPid(env)];
    await roost.ends('SIGKILL');
    await eventually(() => expect(servers.filter(isRunning)).toEqual([]));
  });

  test('Ctrl-C during a start stops the servers that have started', async () => {
    roost = run(env);
    await roost.prints('PostgreSQL on port');
    const postgres = postgresPid(env);
    expect(await roost.ends('SIGINT')).toBe(0);
    await eventually(() => expect(isRunning(postgres)).toBe(false));
  });
});
