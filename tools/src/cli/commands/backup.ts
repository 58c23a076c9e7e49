import { postgresTools } from '@roost/embedded';
import { type Backup, backupFolderOf, type BackupFolder } from '../backup/backup-folder.js';
import { filesIn } from '../backup/file-mirror.js';
import { keyCheck, keysOf, writeKeys } from '../backup/keys.js';
import { prune } from '../backup/prune-backups.js';
import { claimed, takeBackup } from '../backup/take-backup.js';
import { type Call, type Command, OperatorError, type Row, UsageError } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { dataDirOf, LOCATION } from '../system.js';
import { wholeNumber } from '../whole-number.js';

const FOLDER = {
  from: { type: 'string', description: 'the folder of the backups (default: BACKUP_DIR)' },
} as const;

export const command: Command = {
  summary: 'Backups of an installation with its own PostgreSQL ("npm start"): docs/backup.md.',
  actions: {
    run: {
      summary:
        'Backs up the running installation: all databases at one instant, and the files. The first backup and one each week are full, the others contain the changes since the last one.',
      options: {
        to: { type: 'string', description: 'the folder of the backups (default: BACKUP_DIR)' },
        full: { type: 'boolean', description: 'a full backup' },
        ...LOCATION,
      },
      run,
    },
    list: {
      summary: 'The backups, and up to when they can be restored.',
      options: FOLDER,
      run: async ({ options, out }) => {
        const folder = backupFolderOf(options.from, 'from');
        const backups = folder.list();
        const archivedAt = folder.archivedAt();
        out.result({ folder: folder.path, archivedAt, backups }, backups.map(rowOf));
        out.progress(
          archivedAt
            ? `Any instant after the first backup and up to about ${archivedAt.toISOString()} can be restored.`
            : 'There is no archive: only the ends of these backups can be restored.',
        );
      },
    },
    verify: {
      summary:
        'Reads every backup and compares it with its checksums, and checks that the archive and the files are complete. Exit code 1 if not.',
      options: FOLDER,
      run: verify,
    },
    prune: {
      summary:
        'Deletes backups, archived changes and deleted files that the newest full backups do not need. Any instant since the oldest kept one can still be restored.',
      options: {
        keep: { type: 'string', description: 'how many full backups are kept (default: 4)' },
        'dry-run': { type: 'boolean', description: 'delete nothing, and only print what would be deleted' },
        ...CONFIRMED,
        ...FOLDER,
      },
      run: pruneBackups,
    },
    keys: {
      summary:
        'Writes the keys without which a backup can not be read (ENCRYPTION_KEY, LOCATION_SECRET) to a new file. Keep it apart from the backups.',
      operands: '<file>',
      options: LOCATION,
      run: keys,
    },
  },
};

async function run({ options, out }: Call): Promise<void> {
  const folder = backupFolderOf(options.to, 'to');
  const backup = await takeBackup({
    ...{ dataDir: dataDirOf(options), folder, out },
    full: options.full === true,
  });
  out.result(backup, [rowOf(backup)]);
}

const rowOf = ({ id, kind, parent, finishedAt, bytes, files }: Backup): Row => ({
  ...{ id, kind, 'based on': parent },
  'can restore after': finishedAt,
  MB: Math.ceil(bytes / 1_000_000),
  files: files.length,
});

async function verify({ options, out }: Call): Promise<void> {
  const folder = backupFolderOf(options.from, 'from');
  const backups = folder.list();
  if (backups.length === 0) throw new OperatorError(`There is no backup in ${folder.path}.`);
  const tools = await postgresTools((line) => out.progress(line));
  const rows: (Row & { result: string })[] = [];
  for (const backup of backups) {
    out.progress(`reading ${backup.id}`);
    const result = await tools
      .run('pg_verifybackup', ['--exit-on-error', '--quiet', folder.dataOf(backup.id)])
      .then(() => {
        folder.chainOf(backup);
        return 'sound';
      })
      .catch((error: unknown) => (error as Error).message);
    rows.push({ what: backup.id, result });
  }
  rows.push({ what: 'archived changes', result: gapIn(folder, backups) ?? 'sound' });
  rows.push({ what: 'files', result: (await missingFile(folder, backups)) ?? 'sound' });
  out.result(rows, rows);
  const broken = rows.filter(({ result }) => result !== 'sound');
  if (broken.length > 0)
    throw new OperatorError(
      `${broken.length} of ${rows.length} checks failed: take a full backup with "backup run --full".`,
    );
}

/** The first missing segment since the oldest backup, within each timeline; null if there is none. */
function gapIn(folder: BackupFolder, backups: readonly Backup[]): string | null {
  const first = backups[0]?.firstSegment ?? '';
  const segments = folder.segments().filter((name) => name.slice(8) >= first.slice(8));
  if (segments.length === 0) return null;
  if (!segments.includes(first)) return `${first} is missing`;
  for (const [index, name] of segments.entries()) {
    const previous = segments[index - 1];
    if (previous?.slice(0, 8) !== name.slice(0, 8)) continue;
    if (numberOf(name) !== numberOf(previous) + 1n) return `there is a gap between ${previous} and ${name}`;
  }
  return null;
}

/** A segment has 16 MB: the last word of its name counts to 255. */
const numberOf = (segment: string): bigint =>
  BigInt(`0x${segment.slice(8, 16)}`) * 256n + BigInt(`0x${segment.slice(16)}`);

async function missingFile(folder: BackupFolder, backups: readonly Backup[]): Promise<string | null> {
  const present = new Map((await filesIn(folder.files)).map(({ path, bytes }) => [path, bytes]));
  for (const { files } of backups) {
    for (const { path, bytes } of files) {
      if (present.get(path) !== bytes) return `${path} is missing or has another size`;
    }
  }
  return null;
}

async function pruneBackups({ options, out }: Call): Promise<void> {
  const folder = backupFolderOf(options.from, 'from');
  const keep = wholeNumber('keep', options.keep, 1_000) ?? 4;
  const planned = await prune(folder, keep, false);
  const rows: Row[] = [
    ...planned.backups.map(({ id }): Row => ({ what: id })),
    { what: `${planned.segments} segments of archived changes` },
    { what: `${planned.files} deleted files` },
  ];
  const nothing = planned.backups.length + planned.segments + planned.files === 0;
  if (!nothing && options['dry-run'] !== true) {
    const claim = claimed(folder);
    try {
      await confirm(
        `This deletes ${planned.backups.length} backups, and every instant before the oldest kept one can not be restored any more`,
        options,
      );
      await prune(folder, keep, true);
    } finally {
      claim.release();
    }
  }
  out.result({ ...planned, backups: planned.backups.map(({ id }) => id) }, nothing ? [] : rows);
}

async function keys({ options, operands, out }: Call): Promise<void> {
  const [file] = operands;
  if (file === undefined || operands.length > 1) throw new UsageError('Pass the path of a new file.');
  const found = keysOf(dataDirOf(options));
  writeKeys(file, found);
  out.result({ file, keyCheck: keyCheck(found) }, [{ file, 'fits backups with': keyCheck(found) }]);
  out.progress('Anyone with this file can read the data: keep it in a safe, apart from the backups.');
}
