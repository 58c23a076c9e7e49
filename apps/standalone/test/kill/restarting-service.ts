import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roost/testing';

const root = new URL('../../../../', import.meta.url);

/** A service in a process that is killed and restarted, as an orchestrator does. */
export class RestartingService {
  kills = 0;
  /** `performance.now()` at the last restart. */
  restartedAt = 0;
  #child: ChildProcess | null = null;
  #stopped = false;
  #failure: Error | undefined;
  #run: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly env: Record<string, string>,
    readonly url: string,
    /** The `ROOST_FAULT` of each run. Runs after the last one have none. */
    readonly faults: string[] = [],
  ) {}

  async start(): Promise<void> {
    this.#begin();
    await this.ready();
  }

  /** Waits until the current run responds. */
  async ready(): Promise<void> {
    await eventually(
      async () => {
        const answer = await fetch(`${this.url}/health/ready`);
        expect(answer.status).toBe(200);
      },
      { seconds: 90 },
    );
  }

  /** As `ready`; throws if a run has ever ended without being killed. */
  async healthy(): Promise<void> {
    await this.ready();
    if (this.#failure) throw this.#failure;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.kill();
    await this.#run;
  }

  #begin(): void {
    const fault = this.faults[0];
    const child = spawn(
      process.execPath,
      [
        '--conditions=@roost/source',
        '--import',
        new URL('tools/register.js', root).href,
        fileURLToPath(new URL(`apps/${this.name}/src/main.ts`, root)),
      ],
      {
        env: {
          PATH: process.env.PATH ?? '',
          ...this.env,
          PORT: new URL(this.url).port,
          ...(fault ? { ROOST_FAULT: fault } : {}),
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    this.#child = child;
    this.#run = once(child, 'exit').then(([code, signal]) => {
      this.#child = null;
      if (this.#stopped) return;
      // An exit without SIGKILL is a failure of the service.
      if (signal !== 'SIGKILL')
        this.#failure = new Error(`${this.name} ended with exit code ${String(code)}`);
      else this.faults.shift();
      this.kills += 1;
      this.#begin();
      this.restartedAt = performance.now();
    });
  }
}
