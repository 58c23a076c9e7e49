import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { startTimeOf } from './processes.js';

const FILE = 'owner';

/** Another running process uses the folder. */
export class FolderInUse extends EmbeddedError {}

export interface Claim {
  /** The folder's real path. */
  folder: string;
  /** The previous process ended without releasing the folder, perhaps a moment ago. */
  afterCrash: boolean;
  release(): void;
}

/**
 * Reserves a folder for this process until `release()` or the end of the process. The claim of an ended process is
 * ignored. Throws FolderInUse if another process has the folder.
 */
export function claimFolder(folder: string): Claim {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const real = realpathSync(folder);
    const file = join(real, FILE);
    const ownClaim = `${process.pid} ${startTimeOf(process.pid)}\n`;
    let afterCrash = false;
    for (;;) {
      try {
        writeFileSync(file, ownClaim, { flag: 'wx', mode: 0o600 });
        return { folder: real, afterCrash, release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = runningOwner(file);
      if (owner !== null) {
        throw new FolderInUse(
          `The data folder ${folder} is in use by process ${owner}: stop that one first, or set ROOST_DATA_DIR to another folder.`,
        );
      }
      rmSync(file, { force: true });
      afterCrash = true;
    }
  } catch (error) {
    if (error instanceof EmbeddedError) throw error;
    throw new EmbeddedError(
      `Can't write to the data folder ${folder} (${reasonOf(error)}): make it writable for this user, or set ROOST_DATA_DIR to another folder.`,
    );
  }
}

/** The process that has the folder; null if there is none. */
export function ownerOf(folder: string): number | null {
  return runningOwner(join(folder, FILE));
}

function runningOwner(file: string): number | null {
  let words: string[];
  try {
    words = readFileSync(file, 'utf8').trim().split(' ');
  } catch {
    return null;
  }
  const pid = Number(words[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return startTimeOf(pid) === words.slice(1).join(' ') ? pid : null;
}
