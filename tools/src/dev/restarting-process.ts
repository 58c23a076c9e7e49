import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A Roost without requests stops in less; one that hangs must not hold up the next. */
const STOPPED_WITHIN_MS = 700;
const FORCED_WITHIN_MS = 30_000;

interface Options {
  /** Of Node. The process waits for a message before it does its work. */
  arguments: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
}

/** A Node process that is replaced when its sources change. The next process loads its libraries in advance. */
export class RestartingProcess {
  #running: ChildProcess | null = null;
  #next: ChildProcess | null = null;
  #restarting: Promise<void> = Promise.resolve();
  #pending = false;
  #stopped = false;

  constructor(private readonly options: Options) {}

  start(since = performance.now()): void {
    this.#running = this.#next ?? this.#spawn();
    this.#next = null;
    this.#running.send('start');
    const { pid } = this.#running;
    this.#running.once('message', () => {
      this.options.log(`ready after ${((performance.now() - since) / 1000).toFixed(1)} s`);
      if (!this.#stopped) this.#next ??= this.#spawn();
    });
    this.#running.once('exit', (code) => {
      if (this.#running?.pid !== pid) return;
      this.#running = null;
      if (!this.#stopped) this.options.log(`stopped with exit code ${code}; waiting for a change`);
    });
  }

  /** Several changes while a restart is going on lead to one more. */
  restart(reason: string): void {
    if (this.#stopped || this.#pending) return;
    this.#pending = true;
    this.#restarting = this.#restarting.then(async () => {
      this.#pending = false;
      const since = performance.now();
      this.options.log(`${reason}; restarting`);
      await this.#end(STOPPED_WITHIN_MS);
      if (!this.#stopped) this.start(since);
    });
  }

  async stop({ withinMs = FORCED_WITHIN_MS } = {}): Promise<void> {
    this.#stopped = true;
    this.#next?.kill('SIGKILL');
    await this.#restarting;
    await this.#end(withinMs);
  }

  async #end(withinMs: number): Promise<void> {
    const child = this.#running;
    this.#running = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    // Roost recovers from a killed process: what was not finished is finished by the next one.
    const force = setTimeout(() => child.kill('SIGKILL'), withinMs);
    await exited;
    clearTimeout(force);
  }

  #spawn(): ChildProcess {
    const { arguments: args, cwd, env } = this.options;
    // In a group of its own: Ctrl-C reaches only the parent, which stops the child and then the parts below.
    return spawn(process.execPath, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }
}
