import { jest } from '@jest/globals';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { freshFolder, freshEnvironment, stopAll, type Env, run } from './launcher.js';

jest.setTimeout(60_000);
afterEach(stopAll);

/** For starts that fail before a service starts: the other services are not loaded. */
const environmentOfOneService = async (): Promise<Env> => ({
  ...(await freshEnvironment()),
  ROOST_SERVICES: 'listings',
});

/** Expects one matching line without a stack, and exit code 1. */
async function expectFailedStart(env: Env, sentence: RegExp): Promise<void> {
  const roost = run(env);
  const code = await roost.ends();
  const errors = roost
    .output()
    .split('\n')
    .filter((line) => line !== '' && !/^Roost is starting|^ +\d+\.\d s {2}/.test(line));
  expect(errors).toEqual([expect.stringMatching(sentence)]);
  expect(code).toBe(1);
}

async function listening(): Promise<{ port: number; close(): void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe('a wrong setting', () => {
  test.each<[Env, RegExp]>([
    [{ ROOST_ENV: 'prod' }, /^ROOST_ENV is "prod": it must be development, test or production\.$/],
    [{ PORT: 'three thousand' }, /^PORT is "three thousand": it must be a port from 0 to 65535\.$/],
    [{ POSTGRES_PORT: '70000' }, /^POSTGRES_PORT is "70000": it must be a port/],
    [
      { ROOST_SERVICES: 'identity,bookins' },
      /^ROOST_SERVICES is "identity,bookins": it must be a comma-separated list of identity, /,
    ],
    [{ IDENTITY_URL: 'localhost' }, /^IDENTITY_URL is "localhost": it must be an http\(s\) address\.$/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL is "loud": it must be fatal, error/],
    [{ REDIS_URL: 'redis://127.0.0.1:1' }, /^The Redis of REDIS_URL \(127\.0\.0\.1:1\) does not answer/],
    [
      { ENCRYPTION_KEY: 'short' },
      /^ENCRYPTION_KEY has a value that is not allowed: it must be a secret of at least 32/,
    ],
    [
      { PAYMENT_PROVIDERS: 'paypal', ROOST_SERVICES: 'listings,payments' },
      /^PAYMENT_PROVIDERS is "paypal": it must be a comma-separated list of sandbox, stripe/,
    ],
    [
      { LEGAL_ENTITIES: '[{"id":"us"}]', ROOST_SERVICES: 'payments' },
      /^LEGAL_ENTITIES is .*: it must be a JSON array of the legal entities/,
    ],
    [
      { LEGAL_ENTITIES: 'Example Ltd', ROOST_SERVICES: 'payments' },
      /^LEGAL_ENTITIES is "Example Ltd": it must be a JSON array/,
    ],
  ])('%j', async (setting, sentence) => {
    await expectFailedStart({ ...(await freshEnvironment()), ...setting }, sentence);
  });

  test('rejects two services on one port', async () => {
    const env = await freshEnvironment();
    await expectFailedStart(
      { ...env, LISTINGS_URL: env.IDENTITY_URL ?? '' },
      /^listings and identity are both set to port \d+: change LISTINGS_URL\.$/,
    );
  });

  test('rejects the sandbox provider in production', async () => {
    await expectFailedStart(
      {
        ...(await freshEnvironment()),
        ROOST_ENV: 'production',
        ROOST_SERVICES: 'payments',
        PUBLIC_URL: 'https://roost.example.com',
        LEGAL_ENTITIES: JSON.stringify([
          {
            ...{ id: 'us', name: 'Example Ltd', numberPrefix: 'US-' },
            ...{ addressLines: ['1 Main Street'], countryCode: 'US' },
          },
        ]),
      },
      /PAYMENT_PROVIDERS/,
    );
  });

  test('lists all wrong settings of all services before anything is started', async () => {
    const env = await freshEnvironment();
    const roost = run({
      ...env,
      ROOST_ENV: 'production',
      PUBLIC_URL: 'http://roost.example.com',
      MAILER: 'smtp',
      SMTP_URL: 'smtp://mail.example.com',
      ENCRYPTION_KEY: 'x'.repeat(40),
      LOCATION_SECRET: 'abcdefgh'.repeat(5),
      QUOTE_TTL_MINUTES: '0',
      CORS_ORIGINS: '*',
    });
    expect(await roost.ends()).toBe(1);
    for (const name of [
      'PUBLIC_URL',
      'SMTP_URL',
      'ENCRYPTION_KEY',
      'LOCATION_SECRET',
      'QUOTE_TTL_MINUTES',
      'CORS_ORIGINS',
      'PAYMENT_PROVIDERS',
      'LEGAL_ENTITIES',
    ])
      expect(roost.output().match(new RegExp(`^${name} `, 'gm'))).toHaveLength(1);
    expect(existsSync(join(env.ROOST_DATA_DIR ?? '', 'postgres'))).toBe(false);
  });
});

test.each([
  ['PORT', 'gateway'],
  ['POSTGRES_PORT', 'listings'],
  ['REDIS_PORT', 'listings'],
])('rejects a used port of %s', async (name, service) => {
  const other = await listening();
  await expectFailedStart(
    { ...(await freshEnvironment()), ROOST_SERVICES: service, [name]: String(other.port) },
    new RegExp(
      `^Port ${other.port} \\(.*\\) can't be used: another program is listening on it; .* set ${name} to another\\.$`,
    ),
  );
  other.close();
});

test('reports several used ports in one sentence', async () => {
  const others = [await listening(), await listening()];
  const env = await freshEnvironment();
  await expectFailedStart(
    { ...env, PORT: String(others[0]?.port), IDENTITY_URL: `http://127.0.0.1:${others[1]?.port}` },
    /^Ports \d+ \((gateway|identity)\), \d+ \((gateway|identity)\) can't be used: .*Is another Roost running\?/,
  );
  for (const other of others) other.close();
});

describe('a broken data folder', () => {
  test('reports a file in its place', async () => {
    const file = join(freshFolder(), 'file');
    writeFileSync(file, '');
    await expectFailedStart(
      { ...(await environmentOfOneService()), ROOST_DATA_DIR: file },
      /^Can't write to the data folder .* \(a file of that name exists\)/,
    );
  });

  test('reports a database of another version of PostgreSQL', async () => {
    const env = await environmentOfOneService();
    const data = join(env.ROOST_DATA_DIR ?? '', 'postgres', 'data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'PG_VERSION'), '15\n');
    await expectFailedStart(env, /was made by PostgreSQL 15, and this Roost runs PostgreSQL 18/);
  });

  test('reports damaged secrets', async () => {
    const env = await environmentOfOneService();
    mkdirSync(env.ROOST_DATA_DIR ?? '', { recursive: true });
    writeFileSync(join(env.ROOST_DATA_DIR ?? '', 'secrets.json'), '{"ENCRYPTION_KEY":');
    await expectFailedStart(env, /secrets\.json is damaged/);
  });
});

test('reports a machine without Redis', async () => {
  const bin = freshFolder();
  // The tools with which root starts PostgreSQL.
  for (const tool of ['unshare', 'setpriv', 'stat']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
  await expectFailedStart(
    { ...(await environmentOfOneService()), PATH: bin },
    /^Roost needs Redis 7 or Valkey, and there is no redis-server or valkey-server on PATH: install it/,
  );
});
