import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Where a Roost stores data: a database per service, keys in Redis, files. */
export interface Storage {
  databases: readonly string[];
  databaseUrl(database: string): string;
  redisUrl: string;
  redisPrefix: string;
  dataDir: string;
}

/** Whether no service has a database yet. */
export async function isEmpty({ databases, databaseUrl }: Storage): Promise<boolean> {
  return await asOwner(databaseUrl, async (client) => {
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = ANY($1)', [databases]);
    return rows.length === 0;
  });
}

/** Deletes all data. An append-only ledger and published events can't be deleted in part. */
export async function deleteAllData({
  databases,
  databaseUrl,
  redisUrl,
  redisPrefix,
  dataDir,
}: Storage): Promise<void> {
  await asOwner(databaseUrl, async (client) => {
    for (const name of databases) {
      await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
    }
  });
  const redis = new Redis(redisUrl);
  try {
    for await (const keys of redis.scanStream({ match: `${redisPrefix}:*`, count: 500 })) {
      if ((keys as string[]).length > 0) await redis.unlink(...(keys as string[]));
    }
  } finally {
    redis.disconnect();
  }
  await rm(join(dataDir, 'files'), { recursive: true, force: true });
}

async function asOwner<T>(
  databaseUrl: (database: string) => string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl('postgres') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
