import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { attend, type Attendant } from '@roost/embedded';
import { type Environment, StartError } from '@roost/platform';

const READY_WITHIN_MS = 120_000;
const LOOK_MS = 100;
/** A service gives itself 30 s. */
const STOPPED_WITHIN_MS = 35_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Who has lived this long is well: its next death is a first one. */
const WELL_AFTER_MS = 60_000;

export interface ServiceSpec {
  name: string;
  /** The file that Node runs. */
  main: string;
  env: Environment;
  url: string;
  /** A line of the process, from either stream. */
  heard(line: string): void;
  /** What has happened to it, for the terminal. */
  said(line: string): void;
}

/**
 * A service in a process and a session of its own (Ctrl-C must not reach it before the gateway has drained). Once it
 * has been ready, its death is nobody else's: it is started again, as a cluster would, with longer and longer pauses.
 * A service that was asked to stop from outside and did so stays down until `revive()`.
 */
export class ServiceProcess {
  #child: ChildProcess | null = null;
  #attendant: Attendant | null = null;
  #lastWords = '';
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  readonly #halt = new AbortController();

  constructor(readonly spec: ServiceSpec) {}

  /** Waits until it is ready. Fails with what it said when it can't be. */
  async start(): Promise<void> {
    const child = this.#spawn();
    await this.#untilReady(child);
    this.spec.said(`${this.spec.name} on port ${new URL(this.spec.url).port} (process ${child.pid})`);
    this.#watch(child);
  }

  /** Starts it again if it was stopped from outside. */
  revive(): void {
    if (this.#child === null && !this.#stopping) void this.#startAgain(0);
  }

  async close(): Promise<void> {
    this.#stopping = true;
    this.#halt.abort();
    const child = this.#child;
    if (child && !isOver(child)) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
      await exit;
      clearTimeout(late);
    }
    this.#attendant?.dismiss();
  }

  #spawn(): ChildProcess {
    const { main, env } = this.spec;
    const register = new URL('../../../../tools/register.js', import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=@roost/source', '--disable-warning=TimeoutNegativeWarning'],
        ...['--import', register, main],
      ],
      { env: { ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    // It is seen on `exit` that it could not be started.
    child.once('error', (error) => (this.#lastWords = error.message));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (stream === child.stderr && line.trim() !== '' && !/^\s+at /.test(line)) this.#lastWords = line;
        this.spec.heard(line);
      });
    }
    if (child.pid !== undefined) {
      this.#attendant = attend(child.pid, { signal: 'TERM', lastSignal: 'KILL' });
    }
    this.#child = child;
    return child;
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      if (isOver(child)) {
        throw new StartError(`${this.spec.name} can't start: ${this.#lastWords || howItEnded(child)}`);
      }
      if (await isReady(this.spec.url)) return;
      if (performance.now() > deadline) {
        throw new StartError(`${this.spec.name} was not ready within ${READY_WITHIN_MS / 1000} s.`);
      }
      await pause(LOOK_MS, undefined, { signal: this.#halt.signal });
    }
  }

  #watch(child: ChildProcess): void {
    const since = performance.now();
    const over = () => {
      this.#attendant?.dismiss();
      this.#child = null;
      if (this.#stopping) return;
      const { name, said } = this.spec;
      if (child.exitCode === 0) {
        said(`${name} was stopped, and stays down (kill -USR2 ${process.pid} starts it again)`);
        return;
      }
      if (performance.now() - since > WELL_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
      said(`${name} died (${howItEnded(child)}): it is started again in ${this.#pauseMs / 1000} s`);
      void this.#startAgain(this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    };
    if (isOver(child)) over();
    else child.once('exit', over);
  }

  async #startAgain(afterMs: number): Promise<void> {
    try {
      await pause(afterMs, undefined, { signal: this.#halt.signal });
      const child = this.#spawn();
      // Down from here on is down again, ready or not.
      this.#watch(child);
      await this.#untilReady(child);
      this.spec.said(`${this.spec.name} is back (process ${child.pid})`);
    } catch (error) {
      if (!this.#stopping && !(error instanceof StartError)) throw error;
    }
  }
}

function isOver(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function howItEnded(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
