import { startPostgres, startRedis } from '@roost/embedded';
import type { Shutdown } from './shutdown.js';

export interface LaunchOptions {
  dataDir: string;
  /** Prints one line of progress. */
  log: (line: string) => void;
  shutdown: Shutdown;
}

export interface Database {
  url(database: string): string;
  /** The address without the password. */
  description: string;
}

export async function startDatabase(
  config: { DATABASE_URL?: string; POSTGRES_PORT: number },
  { dataDir, log, shutdown }: LaunchOptions,
): Promise<Database> {
  if (config.DATABASE_URL) {
    const base = config.DATABASE_URL;
    const url = (database: string) => {
      const address = new URL(base);
      address.pathname = `/${database}`;
      return address.href;
    };
    return { url, description: new URL(base).host };
  }
  const postgres = await startPostgres({
    dataDir: `${dataDir}/postgres`,
    port: config.POSTGRES_PORT,
    log,
  });
  shutdown.last('PostgreSQL', () => postgres.stop());
  void postgres.ended.then((reason) => shutdown.because(reason));
  log(`PostgreSQL on port ${postgres.port}`);
  return {
    url: (database) => postgres.url(database),
    description: `postgresql://roost@127.0.0.1:${postgres.port} (password in ${dataDir}/postgres/role.password)`,
  };
}

export async function startCache(
  config: { url: string | undefined; port: number },
  { dataDir, log, shutdown }: LaunchOptions,
): Promise<{ url: string }> {
  const redis = await startRedis({ dataDir: `${dataDir}/redis`, ...config, log });
  shutdown.last('Redis', () => redis.stop());
  void redis.ended.then((reason) => shutdown.because(reason));
  log(redis.port === null ? 'Redis of REDIS_URL' : `Redis on port ${redis.port}`);
  return redis;
}
