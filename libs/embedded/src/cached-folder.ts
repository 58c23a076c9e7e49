import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { claimFolder, FolderInUse } from './claim.js';

const POLL_MS = 200;

/**
 * A folder in the cache of this user, shared by all data folders. The first call fills it, completely or not at all;
 * concurrent calls wait for it.
 */
export async function cachedFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME?.trim() || join(homedir(), '.cache'), 'roost');
  const folder = join(cache, name);
  while (!existsSync(folder)) {
    try {
      const claim = claimFolder(join(cache, `${name.replace(/-[^-]*$/, '')}-fetching`));
      try {
        if (!existsSync(folder)) await fillUnfinished(folder, fill);
      } finally {
        claim.release();
      }
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      await pause(POLL_MS);
    }
  }
  return folder;
}

async function fillUnfinished(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const unfinished = `${folder}.${randomBytes(4).toString('hex')}.unfinished`;
  try {
    mkdirSync(unfinished, { recursive: true });
    await fill(unfinished);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
