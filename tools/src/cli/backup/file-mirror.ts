import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredFile } from './backup-folder.js';

/** Uploads in progress, and the probes of a disk that was full. */
const TEMPORARY = /\.part$|\/probe-[^/]+$/;

/** The files below a folder, by their paths. */
export async function filesIn(folder: string): Promise<StoredFile[]> {
  if (!existsSync(folder)) return [];
  const found: StoredFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (TEMPORARY.test(`/${path}`)) continue;
    const status = await stat(join(folder, path)).catch(() => null);
    // Deleted meanwhile.
    if (status) found.push({ path, bytes: status.size });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Copies the files that `to` does not have. A stored file never changes: a new picture has a new path. Returns those that
 * exist; others were deleted meanwhile.
 */
export async function copyMissing(
  from: string,
  to: string,
  files: readonly StoredFile[],
): Promise<StoredFile[]> {
  const present: StoredFile[] = [];
  for (const file of files) {
    const target = join(to, file.path);
    if (
      statSync(target, { throwIfNoEntry: false })?.size === file.bytes ||
      (await copied(from, target, file))
    )
      present.push(file);
  }
  return present;
}

async function copied(from: string, target: string, { path }: StoredFile): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true });
  try {
    await copyFile(join(from, path), `${target}.part`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  await rename(`${target}.part`, target);
  return true;
}

export async function removeFiles(folder: string, paths: Iterable<string>): Promise<void> {
  for (const path of paths) await rm(join(folder, path), { force: true });
}
