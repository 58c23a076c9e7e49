import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Backup, BackupFolder } from './backup-folder.js';
import { filesIn, removeFiles } from './file-mirror.js';

export interface Pruned {
  backups: Backup[];
  segments: number;
  files: number;
}

/**
 * What is not needed for the newest `keep` full backups, and for every instant since the oldest of these: older backups, the
 * WAL before, and files that no kept backup has and that the installation has deleted.
 */
export function planPrune(backups: readonly Backup[], keep: number): { kept: Backup[]; removed: Backup[] } {
  const full = backups.filter(({ kind }) => kind === 'full');
  const oldest = full.at(-keep);
  if (!oldest) return { kept: [...backups], removed: [] };
  return {
    kept: backups.filter(({ id }) => id >= oldest.id),
    removed: backups.filter(({ id }) => id < oldest.id),
  };
}

/** A segment of WAL without its timeline: a restore to an instant continues on a new timeline at the same position. */
const positionOf = (segment: string): string => segment.slice(8);

export async function prune(folder: BackupFolder, keep: number, apply: boolean): Promise<Pruned> {
  const { kept, removed } = planPrune(folder.list(), keep);
  const [oldest] = kept;
  const before = oldest ? positionOf(oldest.firstSegment) : '';
  const segments = folder.segments().filter((name) => positionOf(name) < before);
  const newest = kept.at(-1);
  const needed = new Set(kept.flatMap(({ files }) => files.map(({ path }) => path)));
  // A file that no backup has belongs to the next one.
  const dropped = new Set(removed.flatMap(({ files }) => files.map(({ path }) => path)));
  const files = (await filesIn(folder.files))
    .map(({ path }) => path)
    .filter((path) => dropped.has(path) && !needed.has(path));
  if (apply && newest) {
    for (const backup of removed) folder.remove(backup);
    for (const name of segments) folder.removeSegment(name);
    await removeFiles(folder.files, files);
    removeUnfinished(folder);
  }
  return { backups: removed, segments: segments.length, files: files.length };
}

/** Of backups that were interrupted. */
function removeUnfinished(folder: BackupFolder): void {
  const base = join(folder.path, 'base');
  for (const name of readdirSync(base).filter((each) => each.endsWith('.unfinished'))) {
    rmSync(join(base, name), { recursive: true, force: true });
  }
}
