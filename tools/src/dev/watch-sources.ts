import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';

/** An editor writes a file in several steps, and a branch switch many files. */
const QUIET_MS = 60;

/** Calls `changed` with one of the files after TypeScript sources below `folders` changed. Returns what ends it. */
export function watchSources(options: {
  folders: readonly string[];
  changed: (file: string) => void;
}): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watchers: FSWatcher[] = options.folders.map((folder) =>
    watch(folder, { recursive: true }, (_event, name) => {
      if (!name || !isSource(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => options.changed(join(folder, name)), QUIET_MS);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** Tests and generated files are not loaded by a running Roost. */
export const isSource = (path: string): boolean =>
  /(?:^|\/)(?:src|migrations)\/.*\.ts$/.test(path) && !/\.(?:spec|faults|fixture)\.ts$/.test(path);
