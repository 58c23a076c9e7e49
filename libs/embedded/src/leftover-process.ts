import { readFileSync, rmSync } from 'node:fs';
import { EmbeddedError } from './embedded-error.js';
import { end, isRunning, hasWorkingFolder } from './processes.js';

/** Stops a server that an earlier run has left on this folder. Throws an EmbeddedError if it does not stop. */
export async function stopLeftover(
  name: string,
  pidFile: string,
  folder: string,
  options: { withinMs: number; log: (line: string) => void },
): Promise<void> {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
  } catch {
    return;
  }
  if (Number.isSafeInteger(pid) && pid > 0 && hasWorkingFolder(pid, folder)) {
    options.log(`stopping ${name} of an earlier run`);
    await end(pid, [
      { signal: 'SIGTERM', withinMs: options.withinMs },
      { signal: 'SIGKILL', withinMs: 5_000 },
    ]);
    if (isRunning(pid)) {
      throw new EmbeddedError(`An earlier ${name} (process ${pid}) still runs on ${folder}: stop it first.`);
    }
  }
  rmSync(pidFile, { force: true });
}
