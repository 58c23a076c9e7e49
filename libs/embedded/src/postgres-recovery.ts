import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { claimFolder } from './claim.js';
import { EmbeddedError } from './embedded-error.js';
import { recoverySettings } from './postgres-archive.js';
import { adoptCluster, binaries, newPasswords } from './postgres-cluster.js';
import { launchPostgres } from './postgres-process.js';
import { end } from './processes.js';
import { changeOwner, findRunAs } from './unprivileged.js';

const RECOVERED_WITHIN_MS = 24 * 3_600_000;
/** The name of the socket contains it. The server has no TCP port. */
const SOCKET_PORT = 5432;

export interface RecoveryOptions {
  /** As of `startPostgres`; its folder `data` is a base backup. */
  dataDir: string;
  /** As of `startPostgres`. */
  backupDir: string;
  /** Null: to the end of the archive. */
  until: Date | null;
}

/** The archive ends before the instant of the recovery. */
export class RecoveryTargetNotReached extends EmbeddedError {}

/**
 * Recovers a base backup to an instant, gives its roles new passwords, and runs `work` before the server is stopped. The
 * server listens on a socket that only this user can reach. Resolves with the time of the last transaction; null if the
 * archive has none after the backup.
 */
export async function recoverPostgres(
  { dataDir, backupDir, until }: RecoveryOptions,
  work: (connect: (database: string) => pg.ClientConfig) => Promise<void>,
): Promise<Date | null> {
  const programs = await binaries();
  const claim = claimFolder(dataDir);
  const sockets = mkdtempSync(join(tmpdir(), 'roost-recovery-'));
  const { folder } = claim;
  const cluster = join(folder, 'data');
  const logFile = join(folder, 'postgres.log');
  const hba = join(sockets, 'pg_hba.conf');
  try {
    const runAs = findRunAs(programs.postgres, folder);
    writeFileSync(hba, 'local all postgres trust\n');
    closeSync(openSync(join(cluster, 'recovery.signal'), 'w', 0o600));
    adoptCluster(runAs, folder, cluster);
    if (runAs.owner !== null) changeOwner(sockets, runAs.owner);
    const logStart = sizeOf(logFile);
    const server = await launchPostgres({
      ...{ programs, runAs, folder, cluster, logFile, port: SOCKET_PORT, readyWithinMs: RECOVERED_WITHIN_MS },
      settings: {
        ...recoverySettings(backupDir, until),
        ...{ listen_addresses: '', unix_socket_directories: sockets, hba_file: hba },
      },
    }).catch((error: unknown) => {
      if (!/before configured recovery target was reached/.test(String(error))) throw error;
      throw new RecoveryTargetNotReached(`The archive ends before ${until?.toISOString()}.`);
    });
    try {
      const connect = (database: string) => ({
        host: sockets,
        port: SOCKET_PORT,
        user: 'postgres',
        database,
      });
      await newPasswords(folder, connect('postgres'));
      await work(connect);
    } finally {
      await end(server.pid, [
        { signal: 'SIGINT', withinMs: 60_000 },
        { signal: 'SIGQUIT', withinMs: 5_000 },
      ]);
      server.watchdog.stop();
    }
    return lastTransaction(logFile, logStart);
  } finally {
    rmSync(sockets, { recursive: true, force: true });
    claim.release();
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

function lastTransaction(logFile: string, from: number): Date | null {
  const text = readFileSync(logFile).subarray(from).toString();
  const time = /last completed transaction was at log time (\S+ \S+)\+00/.exec(text)?.[1];
  return time === undefined ? null : new Date(`${time.replace(' ', 'T')}Z`);
}
