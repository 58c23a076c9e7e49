import { readFileSync, rmSync } from 'node:fs';
import { EmbeddedError } from './embedded-error.js';
import { end, isAlive, worksIn } from './processes.js';

/** Ends the server that an earlier run left on this folder. Throws an EmbeddedError when it does not go. */
export async function endLeftover(
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
  if (Number.isSafeInteger(pid) && pid > 0 && worksIn(pid, folder)) {
    options.log(`stopping the ${name} that an earlier run left behind`);
    await end(pid, [
      { signal: 'SIGTERM', withinMs: options.withinMs },
      { signal: 'SIGKILL', withinMs: 5_000 },
    ]);
    if (isAlive(pid)) {
      throw new EmbeddedError(`An earlier ${name} (process ${pid}) still runs on ${folder}: stop it first.`);
    }
  }
  rmSync(pidFile, { force: true });
}
