import { execFileSync } from 'node:child_process';
import { chownSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EntityManager } from '@mikro-orm/postgresql';
import { type EmbeddedPostgres, runningSuperuser, startPostgres } from '@roost/embedded';
import { StartError } from '@roost/platform';
import { startService } from '@roost/service';
import { eventually, freshRedis, runFolder, testJwksUrl } from '@roost/testing';
import pg from 'pg';
import { notes } from './notes/src/service.js';

/** PostgreSQL with TLS, as a provider of databases serves it. */

let folder: string;
let dataDir: string;
let postgres: EmbeddedPostgres;
let superuser: pg.Client;
let redisUrl: string;

beforeAll(async () => {
  folder = mkdtempSync(join(runFolder(), 'tls-'));
  createAuthority('authority');
  createAuthority('unknown');
  issue('right', { names: 'DNS:localhost' });
  issue('address', { names: 'IP:127.0.0.1' });
  issue('other-host', { names: 'DNS:postgres.example.com' });
  issue('expired', { names: 'DNS:localhost', days: -1 });
  dataDir = mkdtempSync(join(runFolder(), 'tls-postgres-'));
  postgres = await startPostgres({ dataDir, temporary: true });
  superuser = new pg.Client({ ...runningSuperuser(dataDir), database: 'postgres' });
  await superuser.connect();
  redisUrl = await freshRedis();
});
afterAll(async () => {
  await superuser?.end();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (name: string) => join(folder, `${name}.pem`);
const keyOf = (name: string) => join(folder, `${name}.key`);

const openssl = (...options: string[]) => execFileSync('openssl', options, { stdio: 'pipe' });
const newKey = (name: string) => [
  ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
  ...['-keyout', keyOf(name), '-subj', `/CN=${name}`],
];

function createAuthority(name: string): void {
  openssl('req', '-x509', ...newKey(name), '-days', '2', '-out', fileOf(name));
}

function issue(name: string, { names, days = 2 }: { names: string; days?: number }): void {
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.extensions`)];
  openssl('req', '-new', ...newKey(name), '-out', request);
  writeFileSync(extensions, `basicConstraints=critical,CA:FALSE\nsubjectAltName=${names}\n`);
  openssl(
    ...['x509', '-req', '-in', request, '-extfile', extensions, '-days', String(days)],
    ...['-CA', fileOf('authority'), '-CAkey', keyOf('authority'), '-CAcreateserial', '-out', fileOf(name)],
  );
}

/** Makes PostgreSQL serve new connections with this certificate, or without TLS. */
async function serve(certificate: string | null): Promise<void> {
  const cluster = join(dataDir, 'data');
  if (certificate !== null) {
    const { uid, gid } = statSync(cluster);
    for (const [from, to] of [
      [fileOf(certificate), 'server.crt'],
      [keyOf(certificate), 'server.key'],
    ] as const) {
      copyFileSync(from, join(cluster, to));
      chownSync(join(cluster, to), uid, gid);
    }
  }
  await superuser.query(`ALTER SYSTEM SET ssl = ${certificate === null ? 'off' : 'on'}`);
  await reload();
}

/** Waits until new connections have the new configuration. */
async function reload(): Promise<void> {
  const { rows } = await superuser.query<{ at: Date }>('SELECT pg_conf_load_time() AS at');
  await superuser.query('SELECT pg_reload_conf()');
  await eventually(async () => {
    const probe = new pg.Client({ ...runningSuperuser(dataDir), database: 'postgres' });
    await probe.connect();
    try {
      const loaded = await probe.query<{ at: Date }>('SELECT pg_conf_load_time() AS at');
      expect(loaded.rows[0]?.at.getTime()).toBeGreaterThan(rows[0]?.at.getTime() ?? Infinity);
    } finally {
      await probe.end();
    }
  });
}

/** DATABASE_URL with these parameters. */
function databaseUrl(parameters: Record<string, string>, host = 'localhost'): string {
  const url = new URL(postgres.url('roost_notes'));
  url.hostname = host;
  url.search = new URLSearchParams(parameters).toString();
  return url.href;
}

const start = (url: string) =>
  startService(notes, {
    env: {
      ROOST_ENV: 'test',
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: url,
      REDIS_URL: redisUrl,
      JWKS_URL: testJwksUrl(),
    },
  });

/** Whether the connections of a service that starts with this URL use TLS. */
async function startsWithTls(url: string): Promise<boolean> {
  const running = await start(url);
  try {
    const em = running.get(EntityManager).fork();
    const rows = await em.execute<{ ssl: boolean }[]>(
      'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    return rows[0]?.ssl === true;
  } finally {
    await running.close();
  }
}

async function sentenceOf(url: string): Promise<string> {
  const result = await start(url).catch((error: unknown) => error);
  if (result instanceof StartError) return result.message;
  if (result instanceof Error) throw result;
  throw new Error('The service started');
}

const verifyFull = (authority = 'authority') => ({
  sslmode: 'verify-full',
  sslrootcert: fileOf(authority),
});
const require = (authority = 'authority') => ({ sslmode: 'require', sslrootcert: fileOf(authority) });
const distrusts = (code: string) =>
  `notes does not trust the certificate of PostgreSQL at localhost:${postgres.port} (${code}): check its dates and names, and sslrootcert in DATABASE_URL.`;

describe.each([
  ['verify-full', verifyFull],
  ['require', require],
])('sslmode=%s', (_, parameters) => {
  test('starts with TLS if sslrootcert has issued the certificate', async () => {
    await serve('right');
    expect(await startsWithTls(databaseUrl(parameters()))).toBe(true);
  });

  test('rejects the certificate of an authority that sslrootcert does not contain', async () => {
    await serve('right');
    expect(await sentenceOf(databaseUrl(parameters('unknown')))).toBe(
      distrusts('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    );
  });

  test('rejects an expired certificate', async () => {
    await serve('expired');
    expect(await sentenceOf(databaseUrl(parameters()))).toBe(distrusts('CERT_HAS_EXPIRED'));
  });

  test('rejects the certificate of another host', async () => {
    await serve('other-host');
    expect(await sentenceOf(databaseUrl(parameters()))).toBe(distrusts('ERR_TLS_CERT_ALTNAME_INVALID'));
  });

  test('rejects a server without TLS', async () => {
    await serve(null);
    expect(await sentenceOf(databaseUrl(parameters()))).toBe(
      `PostgreSQL at localhost:${postgres.port} offers no TLS, which sslmode in DATABASE_URL of notes requires.`,
    );
  });
});

test('sslmode=require without sslrootcert rejects a certificate of no public authority', async () => {
  await serve('right');
  expect(await sentenceOf(databaseUrl({ sslmode: 'require' }))).toBe(
    distrusts('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  );
});

test('rejects a URL with an IP address: the driver verifies names only', async () => {
  await serve('address');
  expect(await sentenceOf(databaseUrl(verifyFull(), '127.0.0.1'))).toBe(
    distrusts('ERR_TLS_CERT_ALTNAME_INVALID').replace('localhost', '127.0.0.1'),
  );
});

test('a missing file of sslrootcert is named', async () => {
  expect(await sentenceOf(databaseUrl(verifyFull('missing')))).toBe(
    `DATABASE_URL of notes names the file ${fileOf('missing')}, which can't be read: ENOENT.`,
  );
});

describe('a server that accepts only connections with TLS', () => {
  const rules = () => join(dataDir, 'data', 'pg_hba.conf');
  let before: string;
  beforeAll(async () => {
    before = readFileSync(rules(), 'utf8');
    await serve('right');
    // The superuser of the spec connects without it.
    writeFileSync(rules(), 'host all postgres all scram-sha-256\nhostssl all roost all scram-sha-256\n');
    await reload();
  });
  afterAll(async () => {
    writeFileSync(rules(), before);
    await reload();
  });

  test('starts with sslmode', async () => {
    expect(await startsWithTls(databaseUrl(verifyFull()))).toBe(true);
  });

  test('rejects a URL without sslmode with a sentence that names it', async () => {
    expect(await sentenceOf(databaseUrl({}))).toBe(
      `PostgreSQL at localhost:${postgres.port} accepts notes only with TLS: add sslmode=verify-full to DATABASE_URL.`,
    );
  });
});
