import { jest } from '@jest/globals';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@roost/testing';
import { freshEnvironment, stopAll, type Env, isRunning, postgresPid, redisPid, run } from './launcher.js';

jest.setTimeout(120_000);
afterEach(stopAll);

async function answers(url: string): Promise<number> {
  return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).status;
}

test('starts, serves, stops cleanly, and finds its data the second time', async () => {
  const env = await freshEnvironment();
  const first = run(env);
  await first.prints('Roost is ready');
  for (const url of [
    `http://127.0.0.1:${env.PORT}`,
    env.IDENTITY_URL,
    env.LISTINGS_URL,
    env.BOOKINGS_URL,
    env.PAYMENTS_URL,
    env.REVIEWS_URL,
  ]) {
    expect({ url, status: await answers(`${url}/health/ready`) }).toEqual({ url, status: 200 });
    expect({ url, status: await answers(`${url}/health/live`) }).toEqual({ url, status: 200 });
  }
  expect(await answers(`http://127.0.0.1:${env.PORT}/openapi.json`)).toBe(200);
  for (const secret of ['secrets.json', 'postgres/role.password', 'redis/redis.conf', 'roost.log']) {
    expect(statSync(join(env.ROOST_DATA_DIR ?? '', secret)).mode & 0o077).toBe(0);
  }
  const made = await fetch(`http://127.0.0.1:${env.PORT}/dev/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"roles":["host"],"emailVerified":true}',
  });
  expect(made.status).toBe(201);
  const user = (await made.json()) as { email: string; password: string };
  const parts = [postgresPid(env), redisPid(env)];
  expect(await first.ends('SIGINT')).toBe(0);
  expect(parts.filter(isRunning)).toEqual([]);
  expect(first.output()).toMatch(/Stopping[^]*Stopped\./);

  const second = run(env);
  await second.prints('Roost is ready');
  const login = await fetch(`http://127.0.0.1:${env.PORT}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: user.email, password: user.password }),
  });
  expect(login.status).toBe(200);
  expect(await second.ends('SIGTERM')).toBe(0);
});

test('names only accounts that let somebody in', async () => {
  const env = await freshEnvironment();
  const roost = run(env);
  await roost.prints('Ctrl-C stops everything.');
  const [, password] = /with the password (\S+):/.exec(roost.output()) ?? [];
  const emails = roost.output().match(/\S+@demo\.roost\.example/g) ?? [];
  expect(password === undefined).toBe(emails.length === 0);
  const statuses = await Promise.all(
    emails.map(async (email) => {
      const answer = await fetch(`${env.IDENTITY_URL}/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      return { email, status: answer.status };
    }),
  );
  expect(statuses).toEqual(emails.map((email) => ({ email, status: 200 })));
  expect(await roost.ends('SIGINT')).toBe(0);

  const without = run({ ...(await freshEnvironment()), ROOST_ENV: 'test', ROOST_DEMO: '' });
  await without.prints('Ctrl-C stops everything.');
  expect(without.output()).not.toMatch(/demo\.roost\.example/);
  expect(await without.ends('SIGINT')).toBe(0);
});

test('after kill -9 its parts end, and the next start works at once', async () => {
  const env: Env = { ...(await freshEnvironment()), ROOST_SERVICES: 'listings' };
  const killed = run(env);
  await killed.prints('Roost is ready');
  const parts = [postgresPid(env), redisPid(env)];
  await killed.ends('SIGKILL');

  const next = run(env);
  await next.prints('Roost is ready');
  expect(parts.filter(isRunning)).toEqual([]);
  await next.ends('SIGKILL');
  const left = [postgresPid(env), redisPid(env)];
  await eventually(() => expect(left.filter(isRunning)).toEqual([]));
});

test('a subset runs only what it names', async () => {
  const env: Env = { ...(await freshEnvironment()), ROOST_SERVICES: 'listings' };
  const roost = run(env);
  await roost.prints('Roost is ready');
  expect(await answers(`${env.LISTINGS_URL}/health/live`)).toBe(200);
  await expect(answers(`${env.BOOKINGS_URL}/health/live`)).rejects.toThrow();
  await expect(answers(`${env.SANDBOX_URL}/`)).rejects.toThrow();
  expect(await roost.ends('SIGTERM')).toBe(0);
});

test('Ctrl-C while it starts stops what has started', async () => {
  const env = await freshEnvironment();
  const roost = run(env);
  await roost.prints('PostgreSQL on port');
  const postmaster = postgresPid(env);
  expect(await roost.ends('SIGINT')).toBe(0);
  await eventually(() => expect(isRunning(postmaster)).toBe(false));
});

test('Ctrl-C that arrives twice, as npm passes it on, is one', async () => {
  const roost = run({ ...(await freshEnvironment()), ROOST_SERVICES: 'listings' });
  await roost.prints('Roost is ready');
  roost.child.kill('SIGINT');
  expect(await roost.ends('SIGINT')).toBe(0);
  expect(roost.output()).toMatch(/Stopped\./);
});

test('another Ctrl-C, later, forces it, and nothing is left behind', async () => {
  const env: Env = { ...(await freshEnvironment()), ROOST_SERVICES: 'listings' };
  const roost = run(env);
  await roost.prints('Roost is ready');
  const parts = [postgresPid(env), redisPid(env)];
  for (const pid of parts) process.kill(pid, 'SIGSTOP');
  await eventually(() => {
    roost.child.kill('SIGINT');
    expect(roost.child.exitCode).toBe(130);
  });
  expect(roost.output()).toMatch(/Forced to stop\.$/m);
  for (const pid of parts) process.kill(pid, 'SIGCONT');
  await eventually(() => expect(parts.filter(isRunning)).toEqual([]));
});

test('it stops with a sentence when PostgreSQL is gone', async () => {
  const env: Env = { ...(await freshEnvironment()), ROOST_SERVICES: 'listings' };
  const roost = run(env);
  await roost.prints('Roost is ready');
  process.kill(postgresPid(env), 'SIGQUIT');
  expect(await roost.ends()).toBe(1);
  expect(roost.output()).toMatch(/PostgreSQL ended unexpectedly/);
});
