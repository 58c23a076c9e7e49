import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { claimFolder } from './claim.js';
import { EmbeddedError } from './embedded-error.js';
import { freePort, portTaken } from './ports.js';
import { archiveSettings } from './postgres-archive.js';
import { binaries, passwordsIn, prepare, ROLE } from './postgres-cluster.js';
import { exitReason, launchPostgres, stopLeftoverPostgres } from './postgres-process.js';
import { end } from './processes.js';
import { findRunAs } from './unprivileged.js';

export interface PostgresOptions {
  /** Contains the cluster, the passwords and the log. */
  dataDir: string;
  /** Without it: any free port. */
  port?: number;
  /** Prints one line of progress. */
  log?: (line: string) => void;
  /** A folder of backups to archive the WAL in, so that they can be recovered to any instant. */
  backupDir?: string | undefined;
  /** For tests: faster, loses data on a power failure, and the folder is deleted with this process. */
  temporary?: boolean;
}

export interface EmbeddedPostgres {
  port: number;
  logFile: string;
  /** For a role that may create databases but is not a superuser, so that REVOKE has an effect. */
  url(database: string): string;
  /** Resolves with a sentence if the server ends without `stop()`. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const programs = await binaries();
  const claim = claimFolder(options.dataDir);
  try {
    const folder = claim.folder;
    const cluster = join(folder, 'data');
    const logFile = join(folder, 'postgres.log');
    const runAs = findRunAs(programs.postgres, folder);

    await stopLeftoverPostgres(cluster, log);
    const port = options.port || (await freePort());
    const taken = await portTaken(port, { patienceMs: claim.afterCrash ? 3_000 : 0, log });
    if (taken) {
      throw new EmbeddedError(`PostgreSQL can't use port ${port}: ${taken}; free it, or set another port.`);
    }
    const fresh = await prepare({ programs, runAs, folder, cluster, log });
    const passwords = passwordsIn(folder);
    const started = await launchPostgres({
      programs,
      runAs,
      folder,
      cluster,
      logFile,
      port,
      temporary: options.temporary,
      settings: options.backupDir === undefined ? {} : archiveSettings(options.backupDir),
    });
    if (fresh) await createRole(port, passwords);

    let stopping = false;
    const ended = new Promise<string>((resolve) => {
      started.child.once('exit', () => {
        if (!stopping)
          resolve(`PostgreSQL ended unexpectedly: ${exitReason(logFile, 0)} (more in ${logFile}).`);
      });
    });
    return {
      port,
      logFile,
      url: (database) => roleUrl(passwords.role, port, database),
      ended,
      stop: async () => {
        if (stopping) return;
        stopping = true;
        await end(started.pid, [
          { signal: 'SIGINT', withinMs: 20_000 },
          { signal: 'SIGQUIT', withinMs: 5_000 },
          { signal: 'SIGKILL', withinMs: 5_000 },
        ]);
        started.watchdog.stop();
        if (options.temporary) rmSync(folder, { recursive: true, force: true });
        claim.release();
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

export function roleUrl(password: string, port: number, database: string): string {
  return `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

async function createRole(port: number, passwords: { superuser: string; role: string }): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: passwords.superuser,
    database: 'postgres',
  });
  await client.connect();
  try {
    await client.query(`CREATE ROLE ${ROLE} LOGIN CREATEDB PASSWORD '${passwords.role}'`);
    await client.query(`GRANT pg_monitor, pg_signal_backend TO ${ROLE}`);
  } finally {
    await client.end();
  }
}
