import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { startWatchdog, type Watchdog } from '@roost/embedded';
import { type Environment, StartError } from '@roost/platform/start';

const READY_WITHIN_MS = 120_000;
const POLL_MS = 100;
/** A service stops within 30 s. */
const STOPPED_WITHIN_MS = 35_000;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** After this time the pause before a restart is reset. */
const STABLE_AFTER_MS = 60_000;

export interface ServiceProcessOptions {
  name: string;
  /** The file that Node runs. */
  main: string;
  env: Environment;
  url: string;
  /** Called with each line of standard output and standard error. */
  onLine(line: string): void;
  /** Prints a change of state. */
  log(line: string): void;
}

/**
 * A service in a separate process and session, so that Ctrl-C does not reach it before the gateway has drained. If it
 * crashes after it was ready, it is restarted with increasing pauses, as in a cluster. If it exits with code 0, because it
 * was stopped from outside, it stays stopped until `restart()`.
 */
export class ServiceProcess {
  #child: ChildProcess | null = null;
  #watchdog: Watchdog | null = null;
  #lastError = '';
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  readonly #aborted = new AbortController();

  constructor(readonly options: ServiceProcessOptions) {}

  /** Waits until the service is ready. Throws a StartError with its last error line if it exits. */
  async start(): Promise<void> {
    const child = this.#spawn();
    await this.#untilReady(child);
    this.options.log(`${this.options.name} on port ${new URL(this.options.url).port} (process ${child.pid})`);
    this.#watch(child);
  }

  /** Starts the service again if it was stopped from outside. */
  restart(): void {
    if (this.#child === null && !this.#stopping) void this.#restartAfter(0);
  }

  async close(): Promise<void> {
    this.#stopping = true;
    this.#aborted.abort();
    const child = this.#child;
    if (child && !hasExited(child)) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
      await exit;
      clearTimeout(late);
    }
    this.#watchdog?.stop();
  }

  #spawn(): ChildProcess {
    const { main, env } = this.options;
    const register = new URL('../../../../tools/register.js', import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=@roost/source', '--disable-warning=TimeoutNegativeWarning'],
        ...['--import', register, main],
      ],
      { env: { ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    // A failed start is handled on `exit`.
    child.once('error', (error) => (this.#lastError = error.message));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (stream === child.stderr && line.trim() !== '' && !/^\s+at /.test(line)) this.#lastError = line;
        this.options.onLine(line);
      });
    }
    if (child.pid !== undefined) {
      this.#watchdog = startWatchdog(child.pid, { signal: 'TERM', lastSignal: 'KILL' });
    }
    this.#child = child;
    return child;
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      if (hasExited(child)) {
        throw new StartError(`${this.options.name} can't start: ${this.#lastError || exitReason(child)}`);
      }
      if (await isReady(this.options.url)) return;
      if (performance.now() > deadline) {
        throw new StartError(`${this.options.name} was not ready within ${READY_WITHIN_MS / 1000} s.`);
      }
      await pause(POLL_MS, undefined, { signal: this.#aborted.signal });
    }
  }

  #watch(child: ChildProcess): void {
    const since = performance.now();
    const onExit = () => {
      this.#watchdog?.stop();
      this.#child = null;
      if (this.#stopping) return;
      const { name, log } = this.options;
      if (child.exitCode === 0) {
        log(`${name} was stopped and stays stopped (kill -USR2 ${process.pid} starts it again)`);
        return;
      }
      if (performance.now() - since > STABLE_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
      log(`${name} crashed (${exitReason(child)}): restarting in ${this.#pauseMs / 1000} s`);
      void this.#restartAfter(this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
    };
    if (hasExited(child)) onExit();
    else child.once('exit', onExit);
  }

  async #restartAfter(afterMs: number): Promise<void> {
    try {
      await pause(afterMs, undefined, { signal: this.#aborted.signal });
      const child = this.#spawn();
      // From here on an exit is handled, before and after the service is ready.
      this.#watch(child);
      await this.#untilReady(child);
      this.options.log(`${this.options.name} was restarted (process ${child.pid})`);
    } catch (error) {
      if (!this.#stopping && !(error instanceof StartError)) throw error;
    }
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function exitReason(child: ChildProcess): string {
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
