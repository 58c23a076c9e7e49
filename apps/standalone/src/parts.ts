import { startPostgres, startRedis, supervise } from '@roost/embedded';
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
  config: { DATABASE_URL?: string; POSTGRES_PORT: number; BACKUP_DIR?: string },
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
  const folder = `${dataDir}/postgres`;
  const options = { dataDir: folder, backupDir: config.BACKUP_DIR, log };
  const postgres = await startPostgres({ ...options, port: config.POSTGRES_PORT });
  const restart = () => startPostgres({ ...options, port: postgres.port });
  const supervised = supervise(postgres, { name: 'PostgreSQL', restart, log, folder });
  shutdown.last('PostgreSQL', () => supervised.stop());
  void supervised.ended.then((reason) => shutdown.because(reason));
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
  const folder = `${dataDir}/redis`;
  const redis = await startRedis({ dataDir: folder, ...config, log });
  const { port } = redis;
  if (port !== null) {
    const restart = () => startRedis({ dataDir: folder, port, log });
    const supervised = supervise(redis, { name: 'Redis', restart, log, folder });
    shutdown.last('Redis', () => supervised.stop());
    void supervised.ended.then((reason) => shutdown.because(reason));
  }
  log(redis.port === null ? 'Redis of REDIS_URL' : `Redis on port ${redis.port}`);
  return redis;
}
