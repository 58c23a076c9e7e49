import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ownerOf,
  postgresTools,
  type PostgresTools,
  recoverPostgres,
  RecoveryTargetNotReached,
} from '@roost/embedded';
import pg from 'pg';
import { type Output, OperatorError } from '../command.js';
import type { Backup, BackupFolder } from './backup-folder.js';
import { copyMissing, filesIn } from './file-mirror.js';
import { keyCheck, type Keys, writeKeys } from './keys.js';
import { prepareDatabases } from './prepare-databases.js';

export interface RestoreRequest {
  folder: BackupFolder;
  /** The new data folder. */
  dataDir: string;
  /** Null: the end of the archive. */
  until: Date | null;
  keys: Keys;
  out: Output;
}

export interface Restored {
  backup: string;
  dataDir: string;
  /** All databases have what was committed up to this instant. */
  restoredTo: Date;
  lastTransaction: Date | null;
  files: number;
  seconds: number;
}

/** The newest backup that ended before the instant; the newest of all without an instant. */
export function chooseBackup(folder: BackupFolder, until: Date | null): Backup {
  const backups = folder.list();
  const [first] = backups;
  if (!first) throw new OperatorError(`There is no backup in ${folder.path}.`);
  const chosen =
    until === null ? backups.at(-1) : backups.findLast((each) => new Date(each.finishedAt) <= until);
  if (!chosen)
    throw new OperatorError(
      `The first backup ended at ${first.finishedAt}: an earlier instant can't be restored.`,
    );
  return chosen;
}

/** Restores all databases and files to an instant, in a new data folder. Nothing is changed in the old one. */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const { folder, dataDir, until, keys, out } = request;
  const started = performance.now();
  refuseUsed(dataDir);
  const backup = chooseBackup(folder, until);
  if (backup.keyCheck !== keyCheck(keys)) {
    throw new OperatorError(
      `These keys do not fit: the backup ${backup.id} was made with an ENCRYPTION_KEY of the check ${backup.keyCheck}, and this one has ${keyCheck(keys)}.`,
    );
  }
  const chain = folder.chainOf(backup);
  const tools = await postgresTools((line) => out.progress(line));
  for (const each of chain) {
    out.progress(`verifying ${each.id}`);
    await tools.run('pg_verifybackup', ['--exit-on-error', '--quiet', folder.dataOf(each.id)]);
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    await combine(tools, { folder, chain, dataDir, out });
    const { restoredTo, lastTransaction } = await recover(request, backup);
    const files = await filesIn(folder.files);
    out.progress(`copying ${files.length} files`);
    await copyMissing(folder.files, join(dataDir, 'files'), files);
    writeKeys(join(dataDir, 'secrets.json'), keys);
    if (backup.production) writeFileSync(join(dataDir, 'production'), '');
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    return { backup: backup.id, dataDir, restoredTo, lastTransaction, files: files.length, seconds };
  } catch (error) {
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  }
}

function refuseUsed(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  const owner = ownerOf(dataDir);
  if (owner !== null)
    throw new OperatorError(`A Roost (process ${owner}) runs on ${dataDir}: restore to a new folder.`);
  if (readdirSync(dataDir).length > 0)
    throw new OperatorError(`${dataDir} is not empty: restore to a new folder, the old one stays as it is.`);
}

async function combine(
  tools: PostgresTools,
  {
    folder,
    chain,
    dataDir,
    out,
  }: { folder: BackupFolder; chain: readonly Backup[]; dataDir: string; out: Output },
): Promise<void> {
  const target = join(dataDir, 'postgres', 'data');
  mkdirSync(join(dataDir, 'postgres'), { mode: 0o700 });
  const [only, ...others] = chain.map(({ id }) => folder.dataOf(id));
  if (others.length === 0 && only !== undefined) {
    out.progress('copying the backup');
    await cp(only, target, { recursive: true });
    return;
  }
  out.progress(`combining ${chain.length} backups`);
  await tools.run('pg_combinebackup', [...chain.map(({ id }) => folder.dataOf(id)), '--output', target]);
  out.progress('verifying the result');
  await tools.run('pg_verifybackup', ['--exit-on-error', '--quiet', '--no-parse-wal', target]);
}

async function recover(
  { folder, dataDir, until, out }: RestoreRequest,
  backup: Backup,
): Promise<{ restoredTo: Date; lastTransaction: Date | null }> {
  const archivedAt = folder.archivedAt();
  const end = new Date(Math.max(Date.parse(backup.finishedAt), archivedAt?.getTime() ?? 0));
  const restoredTo = until ?? end;
  const options = { dataDir: join(dataDir, 'postgres'), backupDir: folder.path };
  const work = (connect: (database: string) => pg.ClientConfig) => {
    out.progress('preparing the databases for their providers and events');
    return prepareDatabases(connect, restoredTo);
  };
  out.progress(until ? `replaying changes up to ${until.toISOString()}` : 'replaying all archived changes');
  try {
    return { restoredTo, lastTransaction: await recoverPostgres({ ...options, until }, work) };
  } catch (error) {
    if (!(error instanceof RecoveryTargetNotReached) || until === null) throw error;
    // PostgreSQL stops at the first transaction after the instant. Without one, the whole archive is the state at it.
    if (until > end) {
      throw new OperatorError(
        `The archive ends at about ${end.toISOString()}: restore without --to, or to an earlier instant.`,
      );
    }
    out.progress('no change was archived after this instant: replaying all archived changes');
    return { restoredTo, lastTransaction: await recoverPostgres({ ...options, until: null }, work) };
  }
}
