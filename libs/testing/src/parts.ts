import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@roost/embedded';
import { Redis } from 'ioredis';
import pg from 'pg';

interface Parts {
  postgresUrl: string;
  /** The log of PostgreSQL, with deadlocks and lock waits. */
  postgresLog: string;
  redisUrl: string;
  /** Set in the fault suite only. */
  kafkaBrokers?: string;
}

/** The first run on a machine downloads Kafka. */
const UP_WITHIN_MS = 180_000;

let servers: Promise<Parts> | undefined;

/** The servers of this test run. Waits until they are ready. */
export function testServers(): Promise<Parts> {
  servers ??= waitForParts();
  return servers;
}

function answerFile(): string {
  const file = process.env.ROOST_TEST_PARTS;
  if (!file)
    throw new Error('This spec needs the servers that jest.config.js starts: run it through npm test.');
  return file;
}

/** Not those of servers that choose a port themselves, and none that `fetch` and browsers refuse. */
const FIRST_RESERVED = 11_000;
const END_OF_RESERVED = 20_000;

/** An unused port. Returns no port twice in one run, in all processes. */
export async function reservePort(): Promise<number> {
  const folder = join(runFolder(), 'ports');
  mkdirSync(folder, { recursive: true });
  for (;;) {
    const port = await freePort(FIRST_RESERVED, END_OF_RESERVED);
    try {
      closeSync(openSync(join(folder, String(port)), 'wx'));
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** A folder that is deleted with the run, also if the run is killed. */
export function runFolder(): string {
  return dirname(answerFile());
}

async function waitForParts(): Promise<Parts> {
  const file = answerFile();
  const deadline = performance.now() + UP_WITHIN_MS;
  while (!existsSync(file)) {
    if (performance.now() > deadline)
      throw new Error('The servers of this run were not ready within three minutes.');
    await pause(20);
  }
  const answer = JSON.parse(readFileSync(file, 'utf8')) as Parts & { failure?: string };
  if (answer.failure) throw new Error(answer.failure);
  return answer;
}

/** A new, empty database, deleted after the spec file: its name ends with the suffix, which is random by default. */
export async function freshDatabase(name: string, suffix = randomSuffix()): Promise<string> {
  return await createDatabase(`${name}_${suffix}`, '');
}

export const randomSuffix = (): string => randomBytes(6).toString('hex');

/** A copy of a database that has no connections. */
export async function freshDatabaseFrom(template: string, name: string): Promise<string> {
  // Not block by block through the write-ahead log, as PostgreSQL copies by default: without fsync, checkpoints are cheap.
  return await createDatabase(
    `${name}_${randomSuffix()}`,
    `TEMPLATE ${pg.escapeIdentifier(template)} STRATEGY FILE_COPY`,
  );
}

async function createDatabase(database: string, options: string): Promise<string> {
  const { postgresUrl } = await testServers();
  await onServer(postgresUrl, (client) =>
    client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} ${options}`),
  );
  databases.add(database);
  return databaseUrl(postgresUrl, database);
}

const OBJECT_IN_USE = '55006';

/** The databases of this process that have not been dropped. */
const databases = new Set<string>();

/** Drops the databases without connections, so that a run needs little space. Called at the end of each spec file. */
export async function dropUnusedDatabases(): Promise<void> {
  if (databases.size === 0) return;
  const { postgresUrl } = await testServers();
  await onServer(postgresUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database d
       WHERE datname = ANY($1) AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`,
      [[...databases]],
    );
    for (const { name } of rows) {
      try {
        await client.query(`DROP DATABASE ${pg.escapeIdentifier(name)}`);
        databases.delete(name);
      } catch (error) {
        // A process of the spec that is still ending has connected in the meantime: the database is dropped later.
        if ((error as { code?: string }).code !== OBJECT_IN_USE) throw error;
      }
    }
  });
}
Reflect.set(globalThis, Symbol.for('roost.test.cleanup'), dropUnusedDatabases);

async function onServer<T>(postgresUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** A Redis database number that is used once in this run. */
export async function freshRedis(): Promise<string> {
  const { redisUrl } = await testServers();
  const redis = new Redis(redisUrl);
  try {
    return `${redisUrl}/${await redis.incr('roost:test:database')}`;
  } finally {
    redis.disconnect();
  }
}
