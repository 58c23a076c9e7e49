import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roost/testing';

const root = new URL('../../../../', import.meta.url);

/** A program of this repository in a process that dies and is started again, as an orchestrator would. */
export class Mortal {
  deaths = 0;
  /** When the last life began, by `performance.now()`. */
  livesSince = 0;
  #child: ChildProcess | null = null;
  #stopped = false;
  #failure: Error | undefined;
  #life: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly env: Record<string, string>,
    readonly url: string,
    /** Where each life dies; who has none left lives on. */
    readonly faults: string[] = [],
  ) {}

  async start(): Promise<void> {
    this.#begin();
    await this.ready();
  }

  /** Lives, has no death before it, and answers. */
  async ready(): Promise<void> {
    await eventually(
      async () => {
        const answer = await fetch(`${this.url}/health/ready`);
        expect(answer.status).toBe(200);
      },
      { seconds: 90 },
    );
  }

  /** As `ready`, and throws if it has ever ended by itself. */
  async settled(): Promise<void> {
    await this.ready();
    if (this.#failure) throw this.#failure;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.kill();
    await this.#life;
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
    this.#life = once(child, 'exit').then(([code, signal]) => {
      this.#child = null;
      if (this.#stopped) return;
      // One that ends by itself is a failure of the service, and no death.
      if (signal !== 'SIGKILL')
        this.#failure = new Error(`${this.name} ended by itself with ${String(code)}`);
      else this.faults.shift();
      this.deaths += 1;
      this.#begin();
      this.livesSince = performance.now();
    });
  }
}

/** Repeatable chance. */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
