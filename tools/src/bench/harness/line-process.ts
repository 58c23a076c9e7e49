import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HANDLED_TIMEOUT_MS = 120_000;

/** The order to publish events, one line of JSON on stdin. */
export interface PublishOrder {
  count: number;
  everyMs: number;
  value: string;
}

interface Line {
  ready?: boolean;
  committed?: string;
  handled?: string;
  at: number;
}

/** A program of the benchmark of events. It reads orders from stdin and writes lines of JSON to stdout. */
export class LineProcess {
  readonly #committed = new Map<string, number>();
  readonly #handled = new Map<string, number>();

  private constructor(
    private readonly child: ChildProcess,
    onReady: () => void,
  ) {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if (line.ready) onReady();
      if (line.committed) this.#committed.set(line.committed, line.at);
      if (line.handled) this.#handled.set(line.handled, line.at);
    });
  }

  /** Starts a file of the folder of the benchmarks and waits until it is ready. */
  static async start(file: string, env: Record<string, string>): Promise<LineProcess> {
    const register = new URL('../../../register.js', import.meta.url).href;
    const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@roost/source', '--import', register, path], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return new Promise((resolve, reject) => {
      const started: LineProcess = new LineProcess(child, () => resolve(started));
      child.once('exit', () => reject(new Error(`${file} exited before it was ready`)));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Publishes events. Returns the milliseconds from the commit of each event to its processing by `consumer`. */
  async publish(order: PublishOrder, consumer: LineProcess = this): Promise<number[]> {
    this.#committed.clear();
    consumer.#handled.clear();
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
    const deadline = performance.now() + HANDLED_TIMEOUT_MS;
    for (; consumer.#handled.size < order.count; await pause(50)) {
      if (performance.now() > deadline)
        throw new Error(`only ${consumer.#handled.size} of ${order.count} events are processed`);
    }
    await pause(100);
    return [...this.#committed].map(([id, at]) => (consumer.#handled.get(id) ?? Infinity) - at);
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.stdin?.end();
    await exit;
  }
}
