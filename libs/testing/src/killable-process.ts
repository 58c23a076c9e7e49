import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const root = new URL('../../../', import.meta.url);

/** Node's options for a TypeScript program of this repository. */
export const sourceOptions = [
  '--conditions=@roost/source',
  '--import',
  new URL('tools/register.js', root).href,
];

export interface KillableProcessOptions {
  /** Names the process in errors. */
  name: string;
  /** The program, relative to the repository: `apps/payments/src/main.ts`. */
  script: string;
  /** The environment, without anything from this process but its `PATH`. */
  env: Readonly<Record<string, string>>;
  /** `ROOST_FAULT` of the first runs: a run that is killed consumes one. Later runs have none. */
  faults?: string[];
  /** Throws until the current run accepts requests. */
  ready: () => Promise<void>;
  /**
   * The program waits for a message before it starts. `preload` then loads the next process in advance, which makes a
   * restart faster by the time of its imports.
   */
  startsOnMessage?: boolean;
}

/** Sent to a program with `startsOnMessage`: the variables to set before the start. */
export interface StartMessage {
  start: Record<string, string>;
}

const READY_WITHIN_SECONDS = 90;

/** A program of this repository in its own process, which is restarted after it is killed. */
export class KillableProcess {
  /** How often the process was killed, by a fault or by `kill`. */
  kills = 0;
  /** `performance.now()` at the start of the current run. */
  startedAt = 0;
  /** The faults of the runs to come. */
  readonly faults: string[];
  #child: ChildProcess | null = null;
  #preloaded: ChildProcess | null = null;
  #readyChild: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #failure: Error | undefined;

  constructor(private readonly options: KillableProcessOptions) {
    this.faults = [...(options.faults ?? [])];
  }

  get name(): string {
    return this.options.name;
  }

  /** The process of the current run; null between two runs. */
  get child(): ChildProcess | null {
    return this.#child;
  }

  async start(): Promise<void> {
    this.#begin();
    await this.healthy();
  }

  /** Waits until a run accepts requests. */
  async ready(): Promise<void> {
    await eventually(
      async () => {
        const child = this.#child;
        if (!child) throw this.#failure ?? new Error(`${this.name} is not running`);
        if (child === this.#readyChild) return;
        await this.options.ready();
        if (child !== this.#child) throw new Error(`${this.name} was restarted`);
        this.#readyChild = child;
      },
      { seconds: READY_WITHIN_SECONDS },
    );
  }

  /** As `ready`; throws if a run has ever ended without being killed. */
  async healthy(): Promise<void> {
    await this.ready();
    if (this.#failure) throw this.#failure;
  }

  /** Loads the process of the next run. Requires `startsOnMessage`. */
  preload(): void {
    if (this.#preloaded) return;
    const child = this.#fork(this.options.env);
    this.#preloaded = child;
    child.once('exit', () => {
      if (this.#preloaded === child) this.#preloaded = null;
    });
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const preloaded = this.#preloaded;
    this.kill();
    await this.#ended;
    if (preloaded && preloaded.exitCode === null && preloaded.signalCode === null) {
      preloaded.kill('SIGKILL');
      await once(preloaded, 'exit');
    }
  }

  #begin(): void {
    const fault: Record<string, string> = this.faults[0] ? { ROOST_FAULT: this.faults[0] } : {};
    const child = this.#preloaded ?? this.#fork({ ...this.options.env, ...fault });
    this.#preloaded = null;
    if (this.options.startsOnMessage) child.send({ start: fault } satisfies StartMessage);
    this.#child = child;
    this.startedAt = performance.now();
    this.#ended = once(child, 'exit').then(([code, signal]) => this.#restart(code, signal));
  }

  #restart(code: unknown, signal: unknown): void {
    this.#child = null;
    if (this.#stopped) return;
    if (signal === 'SIGKILL') {
      this.kills += 1;
      this.faults.shift();
    } else {
      // The service has failed: `healthy` reports it.
      this.#failure = new Error(`${this.name} ended with exit code ${String(code)}`);
    }
    this.#begin();
  }

  #fork(env: Readonly<Record<string, string>>): ChildProcess {
    return fork(fileURLToPath(new URL(this.options.script, root)), {
      cwd: fileURLToPath(root),
      execArgv: sourceOptions,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }
}
