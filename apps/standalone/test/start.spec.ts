import { jest } from '@jest/globals';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@roost/testing';
import { type Env, freshEnvironment, isRunning, postgresPid, redisPid, run, stopAll } from './launcher.js';

jest.setTimeout(120_000);
afterEach(stopAll);

const DEMO_EMAIL = /\S+@demo\.roost\.example/g;
const oneService = async (): Promise<Env> => ({
  ...(await freshEnvironment()),
  ROOST_SERVICES: 'listings',
});

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
  expect(await first.ends('SIGINT')).toBe(0);
  expect(servers.filter(isRunning)).toEqual([]);
  expect(first.output()).toMatch(/Stopping[^]*Stopped\./);

  const second = run(env);
  await second.prints('Roost is ready');
  const { email } = user;
  expect(await loginStatus(`http://127.0.0.1:${env.PORT}`, { email, password: user.password })).toBe(200);
  expect(await second.ends('SIGTERM')).toBe(0);
});

test('prints no accounts without demo accounts', async () => {
  const roost = run({
    ...(await freshEnvironment()),
    ROOST_ENV: 'test',
    ROOST_DEMO: '',
    ROOST_SERVICES: 'identity',
  });
  await roost.prints('Ctrl-C stops everything.');
  expect(roost.output()).not.toMatch(DEMO_EMAIL);
  expect(await roost.ends('SIGINT')).toBe(0);
});

test('runs only the services of ROOST_SERVICES; after kill -9 its servers end, and the next start works at once', async () => {
  const env = await oneService();
  const killed = run(env);
  await killed.prints('Roost is ready');
  expect(await statusOf(`${env.LISTINGS_URL}/health/live`)).toBe(200);
  await expect(statusOf(`${env.BOOKINGS_URL}/health/live`)).rejects.toThrow();
  await expect(statusOf(`${env.SANDBOX_URL}/`)).rejects.toThrow();
  const servers = [postgresPid(env), redisPid(env)];
  await killed.ends('SIGKILL');

  const next = run(env);
  await next.prints('Roost is ready');
  expect(servers.filter(isRunning)).toEqual([]);
  const nextServers = [postgresPid(env), redisPid(env)];
  await next.ends('SIGKILL');
  await eventually(() => expect(nextServers.filter(isRunning)).toEqual([]));
});

test('Ctrl-C during a start stops the servers that have started', async () => {
  const env = await freshEnvironment();
  const roost = run(env);
  await roost.prints('PostgreSQL on port');
  const postgres = postgresPid(env);
  expect(await roost.ends('SIGINT')).toBe(0);
  await eventually(() => expect(isRunning(postgres)).toBe(false));
});

test('a second Ctrl-C at once, which npm sends, is ignored; ends with exit code 1 if PostgreSQL ends', async () => {
  const env = await oneService();
  const roost = run(env);
  await roost.prints('Roost is ready');
  roost.child.kill('SIGINT');
  expect(await roost.ends('SIGINT')).toBe(0);
  expect(roost.output()).toMatch(/Stopped\./);

  const next = run(env);
  await next.prints('Roost is ready');
  process.kill(postgresPid(env), 'SIGQUIT');
  expect(await next.ends()).toBe(1);
  expect(next.output()).toMatch(/PostgreSQL ended unexpectedly/);
});

test('a later second Ctrl-C forces the stop, and no server keeps running', async () => {
  const env = await oneService();
  const roost = run(env);
  await roost.prints('Roost is ready');
  const servers = [postgresPid(env), redisPid(env)];
  for (const pid of servers) process.kill(pid, 'SIGSTOP');
  await eventually(() => {
    roost.child.kill('SIGINT');
    expect(roost.child.exitCode).toBe(130);
  });
  expect(roost.output()).toMatch(/Forced to stop\.$/m);
  for (const pid of servers) process.kill(pid, 'SIGCONT');
  await eventually(() => expect(servers.filter(isRunning)).toEqual([]));
});
