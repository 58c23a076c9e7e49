import { statfs } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const WINDOW_MS = 120_000;
/** The pause before each restart within the window. There are no more restarts than pauses. */
const PAUSES_MS = [200, 1_000, 3_000, 8_000, 15_000];
/** PostgreSQL and Redis need to write while they start. */
const LEAST_FREE_BYTES = 32 * 1024 * 1024;
const LOOK_FOR_SPACE_EVERY_MS = 1_000;

interface Server {
  ended: Promise<string>;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  /** The name in messages. */
  name: string;
  /** Starts the server again, on the same folder and port. */
  restart: () => Promise<Server>;
  log: (line: string) => void;
  /** Without space on the file system of this folder, a restart waits, and no try is used up. */
  folder: string;
  pausesMs?: readonly number[];
  freeBytes?: (folder: string) => Promise<number>;
}

/** The pause before the next restart; null after as many restarts as there are pauses within two minutes. */
export function pauseBeforeRestart(
  restartedAt: readonly number[],
  now: number,
  pausesMs: readonly number[] = PAUSES_MS,
): number | null {
  const recent = restartedAt.filter((time) => now - time < WINDOW_MS);
  return pausesMs[recent.length] ?? null;
}

/** Restarts a server that ends without `stop()`. `ended` resolves with a sentence when it is given up. */
export function supervise(first: Server, options: SuperviseOptions): Server {
  const stopped = new AbortController();
  let current = first;
  const ended = watch();
  return {
    ended: ended.then((reason) => reason ?? new Promise<string>(() => undefined)),
    stop: async () => {
      stopped.abort();
      await current.stop();
      // A restart that had begun may have replaced it.
      await ended;
      await current.stop();
    },
  };

  async function watch(): Promise<string | null> {
    const pauses = options.pausesMs ?? PAUSES_MS;
    const restartedAt: number[] = [];
    let reason = await untilStopped(current.ended);
    while (reason !== null) {
      const pauseMs = pauseBeforeRestart(restartedAt, performance.now(), pauses);
      if (pauseMs === null)
        return `${options.name} is given up after ${pauses.length} restarts within two minutes: ${reason}`;
      options.log(`${reason} It is restarted.`);
      await current.stop();
      if (!(await waits(pauseMs)) || !(await spaceIsFree())) return null;
      restartedAt.push(performance.now());
      try {
        current = await options.restart();
        if (stopped.signal.aborted) return null;
        options.log(`${options.name} runs again`);
        reason = await untilStopped(current.ended);
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    return null;
  }

  async function untilStopped(end: Promise<string>): Promise<string | null> {
    const stop = new Promise<null>((resolve) => {
      if (stopped.signal.aborted) resolve(null);
      stopped.signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    return Promise.race([stop, end]);
  }

  /** False if it was stopped meanwhile. */
  async function waits(milliseconds: number): Promise<boolean> {
    await pause(milliseconds, null, { signal: stopped.signal }).catch(() => undefined);
    return !stopped.signal.aborted;
  }

  /** False if it was stopped meanwhile. */
  async function spaceIsFree(): Promise<boolean> {
    const freeBytes = options.freeBytes ?? freeBytesOf;
    for (let isLogged = false; (await freeBytes(options.folder)) < LEAST_FREE_BYTES; isLogged = true) {
      if (!isLogged) options.log(`${options.name} waits: the disk of ${options.folder} is full`);
      if (!(await waits(LOOK_FOR_SPACE_EVERY_MS))) return false;
    }
    return true;
  }
}

/** An unreadable folder is no full disk: the restart reports it. */
async function freeBytesOf(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
