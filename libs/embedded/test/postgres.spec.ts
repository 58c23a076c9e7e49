import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../src/index.js';
import { hasEnded } from '../src/processes.js';
import { aFolder, cleanUp, hold, endHolder, occupied, postmasterOf } from './holding.js';

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const createMarker = (url: string) => query(url, 'CREATE DATABASE stored');
const countMarkers = (url: string) =>
  query(url, "SELECT count(*)::int AS stored FROM pg_database WHERE datname = 'stored'");

const whenRoot = process.getuid?.() === 0 ? test : test.skip;
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

/** Simulates a container without the permission to create namespaces. */
function withoutNamespaces(): string[] {
  const bin = aFolder();
  writeFileSync(join(bin, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  return ['env', `PATH=${bin}:${process.env.PATH}`];
}

/** Created once: most specs start with the folder of a clean run. */
let prepared: string;

beforeAll(async () => {
  prepared = mkdtempSync(join(tmpdir(), 'roost-embedded-'));
  await (await startPostgres({ dataDir: prepared })).stop();
});

afterAll(() => rmSync(prepared, { recursive: true, force: true }));

function aUsedFolder(): string {
  const dataDir = join(aFolder(), 'postgres');
  cpSync(prepared, dataDir, { recursive: true });
  return dataDir;
}

afterEach(cleanUp);

describe('a database folder', () => {
  test('stores its rows over a restart, and its server ends with stop()', async () => {
    const dataDir = aFolder();
    const first = await startPostgres({ dataDir });
    await createMarker(first.url('postgres'));
    const pid = postmasterOf(dataDir);
    await first.stop();
    expect(await hasEnded(pid, 0)).toBe(true);

    const second = await startPostgres({ dataDir });
    expect(await countMarkers(second.url('postgres'))).toEqual([{ stored: 1 }]);
    await second.stop();
  });

  test('is usable at once after kill -9 of the process that uses it', async () => {
    const dataDir = aUsedFolder();
    const killed = await hold('postgres', dataDir);
    await createMarker(killed.url);
    const port = Number(new URL(killed.url).port);
    await endHolder(killed, 'SIGKILL');

    const next = await hold('postgres', dataDir, { port });
    expect(await countMarkers(next.url)).toEqual([{ stored: 1 }]);
  });

  test('loses its server soon after kill -9 of the process that uses it', async () => {
    const dataDir = aUsedFolder();
    const killed = await hold('postgres', dataDir);
    const pid = postmasterOf(dataDir);
    await endHolder(killed, 'SIGKILL');
    expect(await hasEnded(pid, 10_000)).toBe(true);
  });

  test('is usable after kill -9 of the whole server', async () => {
    const dataDir = aUsedFolder();
    const killed = await hold('postgres', dataDir);
    await createMarker(killed.url);
    process.kill(postmasterOf(dataDir), 'SIGKILL');
    await endHolder(killed, 'SIGKILL');

    const next = await hold('postgres', dataDir);
    expect(await countMarkers(next.url)).toEqual([{ stored: 1 }]);
  });

  test('is usable when its postmaster.pid names a process of another program', async () => {
    const dataDir = aUsedFolder();
    writeFileSync(
      join(dataDir, 'data', 'postmaster.pid'),
      `${process.ppid}\n${dataDir}/data\n1700000000\n1\n\n\n`,
    );
    const again = await startPostgres({ dataDir });
    expect(await query(again.url('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await again.stop();
  });

  test('is rejected while another running process uses it, and the server of that process continues', async () => {
    const dataDir = aUsedFolder();
    const owner = await hold('postgres', dataDir);
    await expect(startPostgres({ dataDir })).rejects.toThrow(
      `The data folder ${dataDir} is in use by process ${owner.child.pid}`,
    );
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('rejects a broken database folder with one sentence', () => {
  test.each<[string, (dataDir: string) => void, RegExp]>([
    [
      'another major version',
      (dir) => writeFileSync(join(dir, 'data', 'PG_VERSION'), '17\n'),
      /made by PostgreSQL 17, and this Roost runs PostgreSQL 18/,
    ],
    ['no PG_VERSION', (dir) => rmSync(join(dir, 'data', 'PG_VERSION')), /is broken: it has no PG_VERSION/],
    [
      'an empty folder',
      (dir) => (rmSync(join(dir, 'data'), { recursive: true }), mkdirSync(join(dir, 'data'))),
      /is broken: it is empty/,
    ],
    [
      'a file in its place',
      (dir) => (rmSync(join(dir, 'data'), { recursive: true }), writeFileSync(join(dir, 'data'), '')),
      /is a file, not a data folder/,
    ],
    [
      'no control file',
      (dir) => rmSync(join(dir, 'data', 'global', 'pg_control')),
      /PostgreSQL does not start on .*pg_control/,
    ],
    [
      'a damaged configuration',
      (dir) => writeFileSync(join(dir, 'data', 'postgresql.conf'), 'no such = setting\n'),
      /PostgreSQL does not start on .*postgresql\.conf/,
    ],
    ['no password', (dir) => rmSync(join(dir, 'role.password')), /Can't read .*role\.password/],
  ])('%s', async (_what, damage, sentence) => {
    const dataDir = aUsedFolder();
    damage(dataDir);
    await expect(startPostgres({ dataDir })).rejects.toThrow(sentence);
    // The failed start releases the folder: the next error is the same, not "in use".
    await expect(startPostgres({ dataDir })).rejects.toThrow(sentence);
  });

  test('a path that leads through a file', async () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(startPostgres({ dataDir: join(folder, 'file', 'postgres') })).rejects.toThrow(
      /Can't write to the data folder .* \(a part of the path is a file\)/,
    );
  });

  whenRoot('a folder this user may not write to', async () => {
    const folder = aFolder();
    chmodSync(folder, 0o755);
    await expect(hold('postgres', join(folder, 'postgres'), { prefix: asNobody })).rejects.toThrow(
      /Can't write to the data folder .* \(permission denied\)/,
    );
  });
});

test('rejects a port in use with one sentence', async () => {
  await occupied(async (port) => {
    await expect(startPostgres({ dataDir: aFolder(), port })).rejects.toThrow(
      `PostgreSQL can't use port ${port}: another program is listening on it`,
    );
  });
});

test('resolves `ended` with one sentence when the server ends unexpectedly', async () => {
  const dataDir = aUsedFolder();
  const server = await startPostgres({ dataDir });
  process.kill(postmasterOf(dataDir), 'SIGQUIT');
  expect(await server.ended).toMatch(/^PostgreSQL ended unexpectedly: /);
  await server.stop();
});

describe('starts as', () => {
  whenRoot('an ordinary user', async () => {
    const dataDir = aFolder();
    chownSync(dataDir, 65534, 65534);
    const { url } = await hold('postgres', dataDir, { prefix: asNobody });
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  whenRoot(
    'root where namespaces are forbidden, and where they are not, below a folder that root owns',
    async () => {
      const dataDir = join(aFolder(), 'private');
      mkdirSync(dataDir, { mode: 0o700 });
      const ownerIs = () => statSync(join(dataDir, 'data')).uid;
      const forbidden = await hold('postgres', dataDir, { prefix: withoutNamespaces() });
      expect(ownerIs()).toBe(65534);
      await createMarker(forbidden.url);
      await endHolder(forbidden);
      const allowed = await hold('postgres', dataDir);
      expect(ownerIs()).toBe(0);
      expect(await countMarkers(allowed.url)).toEqual([{ stored: 1 }]);
      await endHolder(allowed);
      const again = await hold('postgres', dataDir, { prefix: withoutNamespaces() });
      expect(await countMarkers(again.url)).toEqual([{ stored: 1 }]);
    },
  );

  whenRoot('root in a private folder of another user, whose next start names the new owner', async () => {
    const home = aFolder();
    chownSync(home, 1000, 1000);
    const asUser = ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', '--'];
    const dataDir = join(home, 'postgres');
    await endHolder(await hold('postgres', dataDir, { prefix: asUser }));
    await endHolder(await hold('postgres', dataDir));
    await expect(hold('postgres', dataDir, { prefix: asUser })).rejects.toThrow(
      /The database folder .* belongs to another user \(65534\): give it to this one with "sudo chown -R 1000 /,
    );
  });

  whenRoot('reports a machine on which root cannot change the user', async () => {
    const bin = aFolder();
    for (const name of ['unshare', 'setpriv'])
      writeFileSync(join(bin, name), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await expect(
      hold('postgres', aFolder(), { prefix: ['env', `PATH=${bin}:${process.env.PATH}`] }),
    ).rejects.toThrow(/^PostgreSQL does not run as root, and .*: run Roost as an ordinary user\.$/);
  });
});

test('the log shows a deadlock, and neither statements nor values', async () => {
  const server = await startPostgres({ dataDir: aUsedFolder() });
  await query(server.url('postgres'), 'CREATE DATABASE rows');
  const [one, other] = [server, server].map((it) => new pg.Client({ connectionString: it.url('rows') })) as [
    pg.Client,
    pg.Client,
  ];
  await Promise.all([one.connect(), other.connect()]);
  await one.query(
    "CREATE TABLE row (id int PRIMARY KEY, secret text); INSERT INTO row VALUES (1, ''), (2, '')",
  );
  await Promise.all([one.query('BEGIN'), other.query('BEGIN')]);
  const set = (client: pg.Client, id: number) =>
    client.query("UPDATE row SET secret = 'hush' WHERE id = $1", [id]);
  await Promise.all([set(one, 1), set(other, 2)]);
  const outcomes = await Promise.allSettled([set(one, 2), set(other, 1)]);
  expect(outcomes.map((it) => it.status).sort()).toEqual(['fulfilled', 'rejected']);
  await Promise.all([one.end(), other.end()]);
  const log = readFileSync(server.logFile, 'utf8');
  await server.stop();
  expect(log).toMatch(/deadlock detected/);
  expect(log).not.toMatch(/hush|UPDATE/);
});
