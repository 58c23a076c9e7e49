import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import { AdministratorService, identity } from '@roost/app-identity';
import { payments } from '@roost/app-payments';
import { Encryption, SystemClock } from '@roost/platform';
import {
  eventually,
  freshDatabase,
  freshRedis,
  randomSuffix,
  startTestService,
  testServers,
  type TestService,
} from '@roost/testing';
import pg from 'pg';
import { runCommand } from './run-command.js';

/** The runbooks in docs/runbooks/rotate-*.md, step by step, on running services. */

// Each test starts several services.
jest.setTimeout(300_000);

const OLD_KEY = 'the-encryption-key-before-its-rotation';
const NEW_KEY = 'the-encryption-key-after-its-rotation!';
const PASSWORD = 'quiet harbour lamp';

/** The commands print for the operator. */
beforeEach(() => {
  for (const method of ['log', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(() => undefined);
});

const suffix = randomSuffix();
let databaseUrl: Record<'identity' | 'payments', string>;
let redisUrl: string;
let service: TestService;

const startIdentity = (env: Record<string, string> = {}) =>
  startTestService(identity, {
    env: { DATABASE_URL: databaseUrl.identity, ENCRYPTION_KEY: OLD_KEY, ...env },
  });

/** Runs a command as an operator does, with these variables. */
async function roost(env: Record<string, string>, ...args: string[]): Promise<number> {
  const before = { ...process.env };
  const url = databaseUrl.identity.replace('roost_identity', 'roost_{service}');
  Object.assign(process.env, { DATABASE_URL: url, REDIS_URL: redisUrl, LOG_LEVEL: 'fatal' }, env);
  try {
    return await runCommand(args);
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

beforeAll(async () => {
  databaseUrl = {
    identity: await freshDatabase('roost_identity', suffix),
    payments: await freshDatabase('roost_payments', suffix),
  };
  redisUrl = await freshRedis();
  service = await startIdentity();
});
afterAll(() => service.close());

async function userToken(of = service): Promise<string> {
  const created = await of.anonymous.post<{ accessToken: string }>('/dev/users', { roles: ['guest'] });
  return created.body.accessToken;
}
const statusWith = async (token: string, of = service) =>
  (await of.anonymous.with({ authorization: `Bearer ${token}` }).get('/v1/me')).status;

describe('a rotation of ENCRYPTION_KEY', () => {
  const replace = async (env: Record<string, string>) => {
    // A rolling restart: the new replica is ready before the old one stops.
    const next = await startIdentity(env);
    await service.close();
    service = next;
  };

  test('keeps tokens, second factors and signing keys, and ends without the old key', async () => {
    const token = await userToken();
    const admin = await service
      .get(AdministratorService)
      .create({ email: 'ada@example.com', displayName: 'Ada', password: PASSWORD });
    const webhooks = await startTestService(payments, {
      env: { DATABASE_URL: databaseUrl.payments, ENCRYPTION_KEY: OLD_KEY },
    });
    const payload = new Encryption(OLD_KEY).encrypt('{"id":"evt_1"}', 'webhook_event.payload');
    await webhooks.query(
      `INSERT INTO webhook_event (provider, id, type, payload, due_at, received_at, handled_at, outcome)
       VALUES ('stripe', 'evt_1', 'test', $1, now(), now(), now(), 'unknown-type'),
              ('stripe', 'evt_of_erased', 'test', '', now(), now(), now(), 'unknown-type')`,
      [payload],
    );

    await replace({ ENCRYPTION_KEY: OLD_KEY, ENCRYPTION_KEY_ALTERNATE: NEW_KEY });
    await replace({ ENCRYPTION_KEY: NEW_KEY, ENCRYPTION_KEY_ALTERNATE: OLD_KEY });
    const rotating = { ENCRYPTION_KEY: NEW_KEY, ENCRYPTION_KEY_ALTERNATE: OLD_KEY };
    expect(await roost(rotating, 'encryption', 'rewrite', '--yes')).toBe(0);
    for (const owner of [service, webhooks])
      expect(await owner.query(`SELECT FROM admin_action WHERE action = 'encryption.rewrite'`)).toHaveLength(
        1,
      );
    await replace({ ENCRYPTION_KEY: NEW_KEY });

    expect(await statusWith(token)).toBe(200);
    const sealed = await service.query<{ sealed: string }>(
      `SELECT secret_sealed AS sealed FROM totp_factor WHERE user_id = $1`,
      [admin?.id],
    );
    const onlyNew = new Encryption(NEW_KEY);
    expect(onlyNew.decrypt(sealed[0]?.sealed ?? '', 'totp_factor.secret_sealed')).toBe(admin?.secret);
    const [webhook] = await webhooks.query<{ payload: string }>(
      `SELECT payload FROM webhook_event WHERE id = 'evt_1'`,
    );
    expect(onlyNew.decrypt(webhook?.payload ?? '', 'webhook_event.payload')).toBe('{"id":"evt_1"}');
    await webhooks.close();
  });

  test('reports values that neither key decrypts', async () => {
    const [before] = await service.query<{ sealed: string; id: string }>(
      'SELECT secret_sealed AS sealed, user_id AS id FROM totp_factor',
    );
    const store = (sealed: string | undefined) =>
      service.query('UPDATE totp_factor SET secret_sealed = $1 WHERE user_id = $2', [sealed, before?.id]);
    await store(new Encryption('a key that is lost').encrypt('text', 'totp_factor.secret_sealed'));
    expect(await roost({ ENCRYPTION_KEY: NEW_KEY }, 'encryption', 'rewrite', '--yes')).toBe(1);
    await store(before?.sealed);
  });
});

describe('a rotation of the signing keys', () => {
  const keysOf = async () => {
    const { body } = await service.anonymous.get<{ keys: (JsonWebKey & { kid: string })[] }>(
      '/.well-known/jwks.json',
    );
    return body.keys;
  };
  let reloads = 0;
  /** A replica reads the keys of other processes every 30 s: moves its clock instead of waiting. */
  const keysAfterReload = async () => {
    const aheadMs = 31_000 * ++reloads;
    const now = jest
      .spyOn(service.get(SystemClock), 'now')
      .mockImplementation(() => new Date(Date.now() + aheadMs));
    try {
      return await keysOf();
    } finally {
      now.mockRestore();
    }
  };
  const isSignedBy = (keys: JsonWebKey[], token: string) => {
    const [header, body, signature = ''] = token.split('.');
    return keys.some((key) =>
      verify(
        'sha256',
        Buffer.from(`${header}.${body}`),
        createPublicKey({ key, format: 'jwk' }),
        Buffer.from(signature, 'base64url'),
      ),
    );
  };

  test('publishes the next key beside the one that signs', async () => {
    const token = await userToken();
    const before = await keysOf();
    expect(await roost({ ENCRYPTION_KEY: NEW_KEY }, 'signing-keys', 'rotate')).toBe(0);
    expect(await keysAfterReload()).toHaveLength(before.length + 1);
    expect(isSignedBy(before, await userToken())).toBe(true);
    expect(await statusWith(token)).toBe(200);
  });

  test('at once, makes every earlier access token invalid', async () => {
    const token = await userToken();
    expect(await roost({ ENCRYPTION_KEY: NEW_KEY }, 'signing-keys', 'rotate', '--at-once', '--yes')).toBe(0);
    expect(await keysAfterReload()).toHaveLength(1);
    // A token of a key that a service does not have makes it read the key set.
    expect(await statusWith(await userToken())).toBe(200);
    await eventually(async () => expect(await statusWith(token)).toBe(401));
  });
});

/** Only a superuser creates roles. */
async function superuserUrl(): Promise<string> {
  const { postgresUrl, postgresLog } = await testServers();
  const password = readFileSync(join(dirname(postgresLog), 'superuser.password'), 'utf8').trim();
  return Object.assign(new URL(postgresUrl), { username: 'postgres', password }).href;
}

test('a rotation of a database password fails no request', async () => {
  const administrator = new pg.Client({ connectionString: await superuserUrl() });
  await administrator.connect();
  const [green, blue] = [`green_${suffix}`, `blue_${suffix}`];
  const urlOf = (role: string, password: string) => {
    const url = new URL(databaseUrl.identity);
    Object.assign(url, { username: role, password });
    return url.href;
  };
  const current = decodeURIComponent(new URL(databaseUrl.identity).username);
  const env = { ENCRYPTION_KEY: NEW_KEY };
  const createLogin = (role: string, password: string) =>
    administrator.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}' IN ROLE ${current}`);
  await createLogin(green, 'old-password');
  const before = await startIdentity({ ...env, DATABASE_URL: urlOf(green, 'old-password') });
  let serving = before;
  const statuses: number[] = [];
  let stop = false;
  const load = (async () => {
    while (!stop) statuses.push(await statusWith(await userToken(serving), serving));
  })();

  await createLogin(blue, 'new-password');
  const after = await startIdentity({ ...env, DATABASE_URL: urlOf(blue, 'new-password') });
  const served = statuses.length;
  serving = after;
  await eventually(async () => expect(statuses.length).toBeGreaterThan(served + 3), { seconds: 60 });
  await before.close();
  await administrator.query(`ALTER ROLE ${green} NOLOGIN`);
  const without = statuses.length;
  await eventually(async () => expect(statuses.length).toBeGreaterThan(without + 3), { seconds: 60 });
  stop = true;
  await load;

  expect(new Set(statuses)).toEqual(new Set([200]));
  await expect(startIdentity({ ...env, DATABASE_URL: urlOf(green, 'old-password') })).rejects.toThrow();
  await after.close();
  await administrator.end();
});
