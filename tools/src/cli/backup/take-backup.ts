import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { claimFolder, FolderInUse, postgresTools, runningSuperuser } from '@roost/embedded';
import pg from 'pg';
import { type Output, OperatorError } from '../command.js';
import type { Backup, BackupFolder } from './backup-folder.js';
import { copyMissing, filesIn } from './file-mirror.js';
import { keyCheck, keysOf } from './keys.js';

/** After so many days without a full backup, the next one is full: a long chain is slow to restore, and one lost link breaks it. */
const FULL_EVERY_DAYS = 7;
const ARCHIVED_WITHIN_MS = 60_000;

interface Request {
  dataDir: string;
  folder: BackupFolder;
  full: boolean;
  out: Output;
}

/** Backs up the running installation: all databases at one instant, then the files. */
export async function takeBackup({ dataDir, folder, full, out }: Request): Promise<Backup> {
  const superuser = runningSuperuser(join(dataDir, 'postgres'));
  if (!superuser) {
    throw new OperatorError(
      `No Roost with its own PostgreSQL runs on ${dataDir}: start it with "npm start", or pass its folder with --data-dir. For a PostgreSQL of your own see docs/backup.md.`,
    );
  }
  const keys = keysOf(dataDir);
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  const claim = claimed(folder);
  const client = new pg.Client({ ...superuser, database: 'postgres', application_name: 'roost backup' });
  await client.connect();
  try {
    const server = await stateOf(client);
    const parent = full ? null : parentOf(folder, server.system, out);
    const tools = await postgresTools((line) => out.progress(line));
    const startedAt = await instant(client);
    const id = `${startedAt.toISOString().replace(/[-:.]/g, '')}-${parent ? 'incremental' : 'full'}`;
    const backup = await folder.add(id, async (data) => {
      out.progress(parent ? `backing up the changes since ${parent.id}` : 'backing up all databases');
      await tools.run(
        'pg_basebackup',
        [
          ...['--host', superuser.host, '--port', String(superuser.port), '--username', superuser.user],
          ...['--no-password', '--pgdata', data, '--checkpoint', 'fast', '--wal-method', 'stream'],
          ...['--manifest-checksums', 'SHA256'],
          ...(parent ? ['--incremental', folder.manifestOf(parent.id)] : []),
        ],
        { password: superuser.password },
      );
      const finishedAt = await instant(client);
      out.progress('verifying the backup');
      await tools.run('pg_verifybackup', ['--exit-on-error', '--quiet', data]);
      out.progress('copying files');
      const source = join(dataDir, 'files');
      const files = await copyMissing(source, folder.files, await filesIn(source));
      return {
        id,
        kind: parent ? 'incremental' : 'full',
        parent: parent?.id ?? null,
        system: server.system,
        startedAt: startedAt.toISOString(),
        finishedAt: finishedAt.toISOString(),
        firstSegment: firstSegmentOf(data),
        bytes: await sizeOf(data),
        keyCheck: keyCheck(keys),
        production: existsSync(join(dataDir, 'production')),
        files,
      };
    });
    if (server.archives) await untilArchived(client);
    else
      out.progress(
        'This Roost archives no changes: start it with BACKUP_DIR to restore to any instant after this backup.',
      );
    folder.writeMetrics(backup);
    return backup;
  } finally {
    await client.end();
    claim.release();
  }
}

export function claimed(folder: BackupFolder) {
  try {
    return claimFolder(join(folder.path, 'in-use'));
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new OperatorError(`Another command is writing to ${folder.path}: wait until it ends.`);
  }
}

interface Server {
  system: string;
  archives: boolean;
}

async function stateOf(client: pg.Client): Promise<Server> {
  const { rows } = await client.query<Server>(
    `SELECT system_identifier::text AS system, current_setting('archive_mode') = 'on' AS archives
     FROM pg_control_system()`,
  );
  const [row] = rows;
  if (!row) throw new Error('pg_control_system() has no row');
  return row;
}

async function instant(client: pg.Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0]?.now ?? new Date();
}

/** The last backup, if an incremental one can be based on it. */
function parentOf(folder: BackupFolder, system: string, out: Output): Backup | null {
  const backups = folder.list();
  const last = backups.at(-1);
  if (!last) return null;
  if (last.system !== system) {
    throw new OperatorError(
      `${folder.path} has the backups of another installation: choose an empty folder with --to or BACKUP_DIR.`,
    );
  }
  const [first] = folder.chainOf(last);
  const days = (Date.now() - Date.parse(first?.finishedAt ?? '')) / 86_400_000;
  if (days < FULL_EVERY_DAYS) return last;
  out.progress(`The last full backup is ${Math.floor(days)} days old: this one is full.`);
  return null;
}

/** From `backup_label`: `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)`. */
function firstSegmentOf(data: string): string {
  const segment = /\(file ([0-9A-F]{24})\)/.exec(readFileSync(join(data, 'backup_label'), 'utf8'))?.[1];
  if (!segment) throw new Error(`backup_label of ${data} names no segment`);
  return segment;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

/** Closes the current segment and waits until it is in the archive, so that the backup does not depend on this machine. */
async function untilArchived(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT pg_walfile_name(pg_switch_wal() - 1) AS name',
  );
  const segment = rows[0]?.name ?? '';
  const deadline = performance.now() + ARCHIVED_WITHIN_MS;
  for (;;) {
    const state = await client.query<{ archived: boolean; failed: string | null }>(
      `SELECT coalesce(last_archived_wal >= $1, false) AS archived,
         CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN last_failed_wal END AS failed
       FROM pg_stat_archiver`,
      [segment],
    );
    if (state.rows[0]?.archived) return;
    if (performance.now() > deadline) {
      throw new OperatorError(
        `PostgreSQL does not archive its changes (${state.rows[0]?.failed ?? segment}): see its log, and check that BACKUP_DIR is writable and has space.`,
      );
    }
    await pause(100);
  }
}
