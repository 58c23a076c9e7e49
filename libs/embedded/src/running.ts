import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { passwordsIn } from './postgres-cluster.js';
import { roleUrl } from './postgres.js';
import { hasWorkingFolder } from './processes.js';
import { redisUrl } from './redis.js';

/** The addresses of servers that another process has started on a data folder; null if none runs. */

export function runningPostgres(folder: string): ((database: string) => string) | null {
  const port = postgresPort(folder);
  if (port === null) return null;
  const { role } = passwordsIn(folder);
  return (database) => roleUrl(role, port, database);
}

/** The connection of the superuser, for backups; null if no server runs. */
export function runningSuperuser(
  folder: string,
): { host: string; port: number; user: string; password: string } | null {
  const port = postgresPort(folder);
  if (port === null) return null;
  return { host: '127.0.0.1', port, user: 'postgres', password: passwordsIn(folder).superuser };
}

function postgresPort(folder: string): number | null {
  const cluster = join(folder, 'data');
  const lines = textOf(join(cluster, 'postmaster.pid'))?.split('\n') ?? [];
  // The fourth line of postmaster.pid is the port.
  const port = Number(lines[3]);
  return worksAt(Number(lines[0]), cluster) && port ? port : null;
}

export function runningRedis(folder: string): string | null {
  if (!worksAt(Number(textOf(join(folder, 'redis.pid'))), folder)) return null;
  const port = Number(/^port (\d+)$/m.exec(textOf(join(folder, 'redis.conf')) ?? '')?.[1]);
  const password = textOf(join(folder, 'redis.password'))?.trim();
  return port && password ? redisUrl(password, port) : null;
}

/** `host:port`, comma-separated. */
export function runningKafka(folder: string): string | null {
  if (!worksAt(Number(textOf(join(folder, 'kafka.pid'))), folder)) return null;
  const settings = textOf(join(folder, 'server.properties')) ?? '';
  return /^advertised\.listeners=CLIENTS:\/\/([\w.:-]+)/m.exec(settings)?.[1] ?? null;
}

function worksAt(pid: number, folder: string): boolean {
  return Number.isSafeInteger(pid) && pid > 0 && hasWorkingFolder(pid, folder);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
