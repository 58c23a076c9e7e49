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

/** An unused port. Returns no port twice in one run, in all processes. */
export async function reservePort(): Promise<number> {
  const folder = join(runFolder(), 'ports');
  mkdirSync(folder, { recursive: true });
  for (;;) {
    const port = await freePort();
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

/** A new, empty database, deleted with the run: its name ends with the suffix, which is random by default. */
export async function freshDatabase(name: string, suffix = randomSuffix()): Promise<string> {
  return await createDatabase(`${name}_${suffix}`, '');
}

export const randomSuffix = (): string => randomBytes(6).toString('hex');

/** A copy of a database that has no connections. */
export async function freshDatabaseFrom(template: string, name: string): Promise<string> {
  return await createDatabase(`${name}_${randomSuffix()}`, `TEMPLATE ${pg.escapeIdentifier(template)}`);
}

async function createDatabase(database: string, options: string): Promise<string> {
  const { postgresUrl } = await testServers();
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} ${options}`);
  } finally {
    await client.end();
  }
  return databaseUrl(postgresUrl, database);
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
