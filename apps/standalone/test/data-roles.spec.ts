import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { startSandbox } from '@roost/app-sandbox';
import { EmbeddedBus } from '@roost/messaging';
import { createLogger } from '@roost/platform';
import {
  freshDatabase,
  freshRedis,
  freshRole,
  reservePort,
  sourceOptions,
  startTestService,
  type TestService,
} from '@roost/testing';
import pg from 'pg';
import { definitions } from '../src/services.js';
import { run, stopAll, TOUR } from './launcher.js';

/**
 * All services with the roles of docker/postgres/roles.sh: the owner of a database migrates it, and the role of the service
 * reads and writes rows and nothing else (ADR 36).
 */

jest.setTimeout(300_000);

const names = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
type Name = (typeof names)[number];

const WEBHOOK_SECRET = 'a-webhook-secret-of-the-specs';
const INSUFFICIENT_PRIVILEGE = '42501';

const services = new Map<Name, TestService>();
const closing: (() => Promise<unknown>)[] = [];
let gateway: TestService;
/** The statements of this process that PostgreSQL refused to a role. */
const denied: string[] = [];

beforeAll(async () => {
  recordDenied();
  const redisUrl = await freshRedis();
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, String(await reservePort())] as const)),
  ) as Record<Name, string>;
  const urls = Object.fromEntries(
    names.map((name) => [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${ports[name]}`]),
  );
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    databaseUrl: await freshDatabase('roost_sandbox'),
    webhookUrl: `${urls.PAYMENTS_URL}/v1/webhooks/sandbox`,
    webhookSecret: WEBHOOK_SECRET,
    logger: createLogger('sandbox', 'fatal'),
  });
  closing.push(() => sandbox.close());
  const env = {
    ...urls,
    JWKS_URL: `${urls.IDENTITY_URL}/.well-known/jwks.json`,
    // One clock, which the tour moves.
    REDIS_URL: redisUrl,
    REDIS_PREFIX: 'roost:data-roles',
    SANDBOX_URL: sandbox.url,
    SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
    DATABASE_MIGRATIONS: 'require',
  };
  const bus = new EmbeddedBus();
  const databases = await Promise.all(names.map(migratedDatabase));
  await Promise.all(
    names.map(async (name, index) => {
      const service = await startTestService(await definitions[name](), {
        bus,
        env: { ...env, PORT: ports[name], DATABASE_URL: databases[index] ?? '' },
      });
      services.set(name, service);
      closing.push(() => service.close());
    }),
  );
  const { DATABASE_MIGRATIONS: _, ...gatewayEnv } = env;
  gateway = await startTestService(await definitions.gateway(), { env: gatewayEnv });
  closing.push(() => gateway.close());
});
afterAll(async () => {
  await stopAll();
  for (const close of closing.reverse()) await close();
});

/** Migrates a new database as its owner, by the program. Returns its URL with the role of the service. */
async function migratedDatabase(name: Name): Promise<string> {
  const owner = await freshDatabase(`roost_${name}`);
  const role = await freshRole(`roost_${name}`);
  const client = new pg.Client({ connectionString: owner });
  await client.connect();
  const database = client.escapeIdentifier(new URL(owner).pathname.slice(1));
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${client.escapeIdentifier(role.name)}`);
  await client.end();
  const program = fileURLToPath(new URL(`../../${name}/src/main.ts`, import.meta.url));
  await promisify(execFile)(process.execPath, [...sourceOptions, program, 'migrate'], {
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: owner, DATABASE_ROLE: role.name },
  });
  return role.urlOf(owner);
}

/** Also of jobs and sweeps, whose errors no request returns. */
function recordDenied(): void {
  const prototype = pg.Client.prototype as unknown as {
    _handleErrorMessage: (error: pg.DatabaseError) => void;
  };
  const handle = prototype._handleErrorMessage;
  prototype._handleErrorMessage = function (error) {
    if (error.code === INSUFFICIENT_PRIVILEGE) denied.push(error.message);
    Reflect.apply(handle, this, [error]);
  };
  closing.push(() => {
    prototype._handleErrorMessage = handle;
    return Promise.resolve();
  });
}

test('the tour passes: quotes, bookings, payments, cancellations, refunds, changes, reviews and an import', async () => {
  const tour = run({}, TOUR, ['--url', gateway.url]);
  const code = await tour.ends();
  expect(code === 0 ? 0 : tour.output()).toBe(0);
  expect(tour.output()).toContain('The tour passed');
  expect(denied).toEqual([]);
});

test('jobs and sweeps of the year that follows run', async () => {
  const bookings = services.get('bookings')!;
  expect(await bookings.query('SELECT FROM quote')).not.toEqual([]);
  for (const days of [1, 30, 370])
    for (const service of services.values()) await service.clock.advance(`P${days}D`);
  // Expired quotes are deleted.
  expect(await bookings.query('SELECT FROM quote')).toEqual([]);
  expect(denied).toEqual([]);
});

test.each(names)('the role of %s changes no table', async (name) => {
  const service = services.get(name)!;
  denied.length = 0;
  const statements = [
    'CREATE TABLE intruder (id int)',
    'ALTER TABLE outbox_event ADD COLUMN intruder int',
    'TRUNCATE outbox_event',
    "INSERT INTO schema_migration (name) VALUES ('intruder')",
  ];
  for (const statement of statements)
    await expect(service.query(statement)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  expect(denied).toHaveLength(statements.length);
});
