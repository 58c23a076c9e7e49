import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Place, View } from './picture.js';

export interface Wish extends Place {
  id: number;
  view: View;
}

export interface Drawn {
  id: number;
  bytes: Buffer;
}

interface Waiting {
  resolve(bytes: Buffer): void;
  reject(error: Error): void;
}

/** Draws in a process of its own: the memory that takes is given back when it ends, and nobody waits for the core. */
export class Artist {
  #process: ChildProcess | null = null;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** `folder`: where drawn pictures are kept. */
  constructor(private readonly folder: string) {}

  draw(place: Place, view: View): Promise<Buffer> {
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process ??= this.#start();
      this.#process.send({ id, view, city: place.city, title: place.title } satisfies Wish);
    });
  }

  close(): void {
    this.#process?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const file = fileURLToPath(new URL('./draw.ts', import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, file, this.folder], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    child.on('message', ({ id, bytes }: Drawn) => {
      this.#waiting.get(id)?.resolve(Buffer.from(bytes));
      this.#waiting.delete(id);
    });
    const gone = () => {
      this.#process = null;
      for (const { reject } of this.#waiting.values()) reject(new Error('The drawing process has ended'));
      this.#waiting.clear();
    };
    child.once('error', gone);
    child.once('exit', gone);
    child.unref();
    child.channel?.unref();
    return child;
  }
}
