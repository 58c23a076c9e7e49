import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { walFolderIn } from '@roost/embedded';
import { z } from 'zod';
import { OperatorError } from '../command.js';

const StoredFile = z.object({ path: z.string(), bytes: z.int() });
export type StoredFile = z.output<typeof StoredFile>;

const Backup = z.object({
  id: z.string(),
  kind: z.enum(['full', 'incremental']),
  /** The backup that an incremental one is based on. */
  parent: z.string().nullable(),
  /** PostgreSQL's number of the cluster. */
  system: z.string(),
  startedAt: z.iso.datetime(),
  /** By the clock of the server: an instant after it can be restored from this backup. */
  finishedAt: z.iso.datetime(),
  /** The first segment of WAL that a restore needs. */
  firstSegment: z.string(),
  bytes: z.int(),
  /** Identifies ENCRYPTION_KEY without containing it. */
  keyCheck: z.string(),
  /** It has the data of real users. */
  production: z.boolean(),
  files: z.array(StoredFile),
});
export type Backup = z.output<typeof Backup>;

const RECORD = 'backup.json';
const SEGMENT = /^([0-9A-F]{24})\.gz$/;

/**
 * A folder of backups: `base/<id>` with one base backup each (`data` and `backup.json`), `wal` with the archived WAL,
 * `files` with every file of the file store.
 */
export class BackupFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get files(): string {
    return join(this.path, 'files');
  }

  dataOf(id: string): string {
    return join(this.path, 'base', id, 'data');
  }

  manifestOf(id: string): string {
    return join(this.dataOf(id), 'backup_manifest');
  }

  /** Complete backups, the oldest first. */
  list(): Backup[] {
    const base = join(this.path, 'base');
    if (!existsSync(base)) return [];
    return readdirSync(base)
      .filter((id) => existsSync(join(base, id, RECORD)))
      .sort()
      .map((id) => this.read(id));
  }

  private read(id: string): Backup {
    const file = join(this.path, 'base', id, RECORD);
    try {
      return Backup.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      throw new OperatorError(`${file} can't be read: ${(error as Error).message.split('\n')[0]}`);
    }
  }

  /** Calls `fill` with the folder of a new backup, which counts when its record is stored. */
  async add(id: string, fill: (data: string) => Promise<Backup>): Promise<Backup> {
    const final = join(this.path, 'base', id);
    const unfinished = `${final}.unfinished`;
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    try {
      const backup = await fill(join(unfinished, 'data'));
      writeFileSync(join(unfinished, RECORD), `${JSON.stringify(backup, null, 2)}\n`, { mode: 0o600 });
      renameSync(unfinished, final);
      return backup;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }

  remove({ id }: Backup): void {
    // Without its record it does not count, so that an interrupted removal leaves no half of a backup.
    rmSync(join(this.path, 'base', id, RECORD), { force: true });
    rmSync(join(this.path, 'base', id), { recursive: true, force: true });
  }

  /** A backup with those that it is based on, the full one first. */
  chainOf(backup: Backup): Backup[] {
    const all = new Map(this.list().map((each) => [each.id, each]));
    const chain = [backup];
    for (let { parent } = backup; parent !== null;) {
      const next = all.get(parent);
      if (!next) throw new OperatorError(`${backup.id} is based on ${parent}, which is missing.`);
      chain.unshift(next);
      ({ parent } = next);
    }
    return chain;
  }

  /** The names of the archived segments of WAL, in order. */
  segments(): string[] {
    const folder = walFolderIn(this.path);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
      .sort();
  }

  /** When the last segment was archived; null if none was. */
  archivedAt(): Date | null {
    const last = this.segments().at(-1);
    return last === undefined ? null : statSync(this.segmentFile(last)).mtime;
  }

  removeSegment(name: string): void {
    rmSync(this.segmentFile(name), { force: true });
  }

  private segmentFile(name: string): string {
    return join(walFolderIn(this.path), `${name}.gz`);
  }

  /** The figures of the last backup in the text format of Prometheus, for the textfile collector of a node exporter. */
  writeMetrics(backup: Backup): void {
    const file = join(this.path, 'roost_backup.prom');
    const seconds = Math.floor(Date.parse(backup.finishedAt) / 1000);
    const text = `# HELP roost_backup_last_success_timestamp_seconds When the last backup was finished
# TYPE roost_backup_last_success_timestamp_seconds gauge
roost_backup_last_success_timestamp_seconds ${seconds}
# HELP roost_backup_size_bytes The size of the last backup
# TYPE roost_backup_size_bytes gauge
roost_backup_size_bytes{kind="${backup.kind}"} ${backup.bytes}
`;
    writeFileSync(`${file}.part`, text);
    renameSync(`${file}.part`, file);
  }
}

/** The folder of `--from` or `--to`, or BACKUP_DIR. */
export function backupFolderOf(given: string | boolean | undefined, option: string): BackupFolder {
  const path = given === undefined ? process.env.BACKUP_DIR?.trim() : String(given);
  if (!path) throw new OperatorError(`Pass the folder of the backups with --${option}, or set BACKUP_DIR.`);
  return new BackupFolder(path);
}
