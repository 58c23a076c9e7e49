import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { birthOf } from './processes.js';

const FILE = 'owner';

/** Another process, which lives, has the folder. */
export class FolderInUse extends EmbeddedError {}

export interface Claim {
  /** The folder's real path. */
  folder: string;
  /** The process that had it before died without a word, perhaps just now. */
  afterDeath: boolean;
  release(): void;
}

/**
 * Makes this process the only one that runs on a folder, until `release()` or its death.
 * A claim left by a dead process counts for nothing.
 */
export function claimFolder(folder: string): Claim {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const real = realpathSync(folder);
    const file = join(real, FILE);
    const mine = `${process.pid} ${birthOf(process.pid)}\n`;
    let afterDeath = false;
    for (;;) {
      try {
        writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
        return { folder: real, afterDeath, release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = liveOwner(file);
      if (owner !== null) {
        throw new FolderInUse(
          `The data folder ${folder} is in use by process ${owner}: stop that one first, or set ROOST_DATA_DIR to another folder.`,
        );
      }
      rmSync(file, { force: true });
      afterDeath = true;
    }
  } catch (error) {
    if (error instanceof EmbeddedError) throw error;
    throw new EmbeddedError(
      `Can't write to the data folder ${folder} (${reasonOf(error)}): make it writable for this user, or set ROOST_DATA_DIR to another folder.`,
    );
  }
}

function liveOwner(file: string): number | null {
  let words: string[];
  try {
    words = readFileSync(file, 'utf8').trim().split(' ');
  } catch {
    return null;
  }
  const pid = Number(words[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return birthOf(pid) === words.slice(1).join(' ') ? pid : null;
}
