import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EmbeddedError, reasonOf } from './embedded-error.js';

/** Settings of a server that archives its WAL, and of one that reads it back. */

/** The most that an archive lacks while the server is busy: a segment is closed after this time. */
export const ARCHIVE_TIMEOUT_SECONDS = 60;

/** The folder of the archived WAL in a folder of backups. */
export const walFolderIn = (backupDir: string): string => join(resolve(backupDir), 'wal');

/** Quotes a path for the shell, and doubles the percent signs that PostgreSQL would replace. */
const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`).replaceAll('%', '%%')}'`;

/**
 * A segment is compressed, flushed to the disk, and renamed when it is complete. PostgreSQL repeats the command after a
 * crash: the same segment again is success, another one of its name is a failure.
 */
export function archiveSettings(backupDir: string): Record<string, string> {
  const folder = walFolderIn(backupDir);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new EmbeddedError(
      `Can't write to ${folder} (${reasonOf(error)}): make it writable for this user, or change BACKUP_DIR.`,
    );
  }
  const archive = [
    'set -eu',
    `file=${quoted(folder)}/%f.gz`,
    'if [ -e "$file" ]; then gzip -dc "$file" | cmp -s - "%p"; exit; fi',
    'gzip -c "%p" >"$file.part"',
    'sync "$file.part"',
    'mv "$file.part" "$file"',
  ].join('; ');
  return {
    archive_mode: 'on',
    archive_command: archive,
    archive_timeout: `${ARCHIVE_TIMEOUT_SECONDS}s`,
    // Incremental backups need the summaries.
    summarize_wal: 'on',
  };
}

export function recoverySettings(backupDir: string, until: Date | null): Record<string, string> {
  const file = `${quoted(walFolderIn(backupDir))}/%f.gz`;
  return {
    restore_command: `test -e ${file} && gzip -dc ${file} >"%p"`,
    recovery_target_action: 'promote',
    // It is ready, and can be connected to, after the recovery.
    hot_standby: 'off',
    ...(until === null
      ? {}
      : { recovery_target_time: until.toISOString().replace('T', ' ').replace('Z', '+00') }),
  };
}
