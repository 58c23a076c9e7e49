import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Migration } from '@mikro-orm/migrations';
import { Module } from '@nestjs/common';
import { freshDatabase, freshRedis, testJwksUrl } from '@roost/testing';
import pg from 'pg';
import { z } from 'zod';
import { readConfig, StartError } from '@roost/platform';
import { defineService, type ServiceDefinition, startService } from '@roost/service';
import { notes } from './notes/src/service.js';

let validEnv: Record<string, string>;

beforeAll(async () => {
  validEnv = {
    ROOST_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: await freshDatabase('roost_start'),
    REDIS_URL: await freshRedis(),
    JWKS_URL: testJwksUrl(),
  };
});

const startError = async (
  env: Record<string, string>,
  definition: ServiceDefinition = notes,
): Promise<string> => {
  const running = await startService(definition, { env: { ...validEnv, ...env } }).catch(
    (error: unknown) => error,
  );
  if (running instanceof StartError) return running.message;
  if (running instanceof Error) throw running;
  throw new Error('The service started');
};

describe('an invalid variable is reported with its allowed values', () => {
  test.each<[env: Record<string, string>, sentence: string]>([
    [{ PORT: 'abc' }, 'PORT is "abc": it must be a port from 0 to 65535.'],
    [{ PORT: '70000' }, 'PORT is "70000": it must be a port from 0 to 65535.'],
    [
      { TRUSTED_PROXIES: '10.0.0.0/8, everyone' },
      'TRUSTED_PROXIES is "10.0.0.0/8, everyone": it must be a comma-separated list of addresses or networks, such as 10.0.0.0/8.',
    ],
    [{ ROOST_ENV: 'prod' }, 'ROOST_ENV is "prod": it must be development, test or production.'],
    [{ NOTES_PER_USER: '0' }, 'NOTES_PER_USER is "0": it must be a number from 1 to 10000.'],
    [
      { DATABASE_URL: 'mysql://user:secret@db/x' },
      'DATABASE_URL has a value that is not allowed: it must be a URL such as postgres://user:password@127.0.0.1:54320/roost_bookings.',
    ],
    [
      { DATABASE_URL: '' },
      'DATABASE_URL is missing: it must be a URL such as postgres://user:password@127.0.0.1:54320/roost_bookings.',
    ],
    [
      { ENCRYPTION_KEY: 'short' },
      'ENCRYPTION_KEY has a value that is not allowed: it must be a secret of at least 32 characters (openssl rand -base64 32).',
    ],
    [
      { ENCRYPTION_KEY_FILE: '/nowhere/key' },
      "ENCRYPTION_KEY_FILE is /nowhere/key, which can't be read: ENOENT.",
    ],
  ])('%j', async (env, sentence) => {
    expect(await startError(env)).toBe(sentence);
  });

  test('reports all invalid variables at once', async () => {
    const text = await startError({ PORT: 'abc', LOG_LEVEL: 'loud' });
    expect(text.split('\n')).toHaveLength(2);
  });
});

test('reads a secret from the file in NAME_FILE', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-config-'));
  const file = join(folder, 'key');
  const secret = 'x'.repeat(40);
  writeFileSync(file, `${secret}\n`);
  const config = readConfig(z.object({}), { ...validEnv, ENCRYPTION_KEY_FILE: file }, { database: true });
  expect(config.ENCRYPTION_KEY).toBe(secret);
  rmSync(folder, { recursive: true });
});

test('production requires secrets and rejects development values', async () => {
  const own = defineService({
    ...notes,
    config: z.object({
      MAILER: z
        .enum(['inbox', 'smtp'])
        .default('inbox')
        .meta({ description: 'inbox or smtp', notInProduction: ['inbox'] }),
    }),
  });
  const text = await startError({ ROOST_ENV: 'production', ROOST_FAULT: 'a:kill' }, own);
  expect(text).toContain('ENCRYPTION_KEY is missing');
  expect(text).toContain('MAILER has a value that is only allowed in development: it must be inbox or smtp.');
  expect(text).toContain('ROOST_FAULT is set');
});

const productionEnv = {
  ROOST_ENV: 'production',
  PUBLIC_URL: 'https://roost.example.com',
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
};

test.each([
  [
    'PUBLIC_URL',
    'http://roost.example.com',
    'is "http://roost.example.com": in production it must be an https URL.',
  ],
  ['ENCRYPTION_KEY', 'x'.repeat(40), 'has a value that is not allowed: in production it must be random'],
])('production rejects %s=%s', async (name, value, sentence) => {
  expect(await startError({ ...productionEnv, [name]: value })).toContain(`${name} ${sentence}`);
});

test('reports values that are invalid and those that production rejects in one list', async () => {
  const text = await startError({ ROOST_ENV: 'production', LOG_LEVEL: 'loud' });
  expect(text.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'LOG_LEVEL',
    'PUBLIC_URL',
    'ENCRYPTION_KEY',
  ]);
});

describe('the address on which a service listens in production', () => {
  const open = defineService({ ...notes, http: { public: true, metricsPort: 0 } });
  const addressOf = async (definition: ServiceDefinition, env: Record<string, string> = {}) => {
    const running = await startService(definition, { env: { ...validEnv, ...productionEnv, ...env } });
    const server = running.app.getHttpServer() as Server;
    const { address } = server.address() as AddressInfo;
    await running.close();
    return address;
  };

  test('is loopback, or the one of BIND_HOST', async () => {
    expect(await addressOf(notes)).toBe('127.0.0.1');
    expect(await addressOf(notes, { BIND_HOST: '0.0.0.0' })).toBe('0.0.0.0');
  });

  test.each([
    [{}, '127.0.0.1'],
    [{ BIND_HOST: '0.0.0.0' }, '0.0.0.0'],
    [{ BIND_HOST: '0.0.0.0', METRICS_HOST: '127.0.0.1' }, '127.0.0.1'],
  ])('is all addresses for a public service; for its metrics, with %j, %s', async (env, metricsHost) => {
    const listened: (string | undefined)[] = [];
    const listen = jest.spyOn(Server.prototype, 'listen').mockName('listen');
    expect(await addressOf(open, env)).toBe('0.0.0.0');
    for (const [first, second] of listen.mock.calls as unknown[][])
      listened.push(typeof first === 'object' ? (first as { host?: string }).host : String(second));
    listen.mockRestore();
    expect(listened).toEqual(['0.0.0.0', metricsHost]);
  });
});

test('production does not serve /dev/clock', async () => {
  const running = await startService(notes, {
    env: { ...validEnv, ...productionEnv },
  });
  const response = await fetch(`${running.url}/dev/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"advance":"P1D"}',
  });
  await running.close();
  expect(response.status).toBe(404);
});

describe('an unavailable part is reported in one sentence', () => {
  test('PostgreSQL', async () => {
    const text = await startError({ DATABASE_URL: 'postgres://roost:secret@127.0.0.1:1/roost_x' });
    expect(text).toBe(
      "notes can't reach PostgreSQL at 127.0.0.1:1 (ECONNREFUSED): is it running? DATABASE_URL is its URL.",
    );
  });

  test('Redis', async () => {
    const text = await startError({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(text).toBe(
      "notes can't use Redis at 127.0.0.1:1 (ECONNREFUSED): is it running? REDIS_URL is its URL.",
    );
  });

  test('a wrong password', async () => {
    const url = new URL(validEnv.DATABASE_URL ?? '');
    url.password = 'wrong';
    expect(await startError({ DATABASE_URL: url.href })).toMatch(
      /^PostgreSQL at .* rejected the login of notes: check the user and password in DATABASE_URL\.$/,
    );
  });

  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    expect(await startError({ PORT: String(port) })).toBe(
      `Port ${port} of notes is in use: stop the process that uses it, or set PORT to another port.`,
    );
    other.close();
  });

  test('an address of another machine', async () => {
    expect(await startError({ BIND_HOST: '192.0.2.1' })).toBe(
      'BIND_HOST is 192.0.2.1, which is not an address of this machine.',
    );
  });
});

describe('migrations', () => {
  const query = async <R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<R>(sql);
    await client.end();
    return rows;
  };

  test('four concurrent replicas create a missing database and migrate it once', async () => {
    const url = new URL(validEnv.DATABASE_URL ?? '');
    url.pathname = `${url.pathname}_new`;
    const env = { ...validEnv, DATABASE_URL: url.href };
    const replicas = await Promise.all(Array.from({ length: 4 }, () => startService(notes, { env })));
    const rows = await query<{ name: string }>(url.href, 'SELECT name FROM schema_migration ORDER BY id');
    expect(rows.map(({ name }) => name)).toEqual([
      'Migration0000Platform',
      'Migration0000Messaging',
      'Migration0001Note',
    ]);
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  test('a failed migration is rolled back and stops the start', async () => {
    class Migration0002Broken extends Migration {
      override up(): void {
        this.addSql('CREATE TABLE half (id int)');
        this.addSql('CREATE TABLE note (id int)');
      }
    }
    const broken = defineService({ ...notes, migrations: [...notes.migrations, Migration0002Broken] });
    const url = await freshDatabase('roost_broken');
    const text = await startError({ DATABASE_URL: url }, broken);
    expect(text).toBe(
      'Migration0002Broken of notes failed and was rolled back: relation "note" already exists.',
    );
    expect(await query(url, "SELECT 1 FROM pg_tables WHERE tablename = 'half'")).toEqual([]);
  });
});

test('starts a service without a database, a queue and events', async () => {
  @Module({})
  class EmptyModule {}
  const bare = defineService({
    name: 'bare',
    port: 0,
    description: 'A service without parts',
    module: EmptyModule,
    config: z.object({}),
    entities: [],
    migrations: [],
    database: false,
    http: { metricsPort: 0 },
  });
  const running = await startService(bare, { env: { ...validEnv, DATABASE_URL: '' } });
  expect(await (await fetch(`${running.url}/health/ready`)).json()).toEqual({
    status: 'up',
    parts: { keys: 'up', redis: 'up', storage: 'up' },
  });
  expect((await fetch(`${running.url}/metrics`)).status).toBe(404);
  await running.close();
});
