import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DemoCity, PictureView } from './place.js';

/** The program of `tools` that draws the pictures; it is run, not imported. */
const PROGRAM = fileURLToPath(new URL('../../../../tools/src/demo-pictures/main.ts', import.meta.url));

export interface PictureSubject {
  city: DemoCity['city'];
  title: string;
}

interface PendingPicture {
  resolve(bytes: Buffer): void;
  reject(error: Error): void;
}

/** Draws pictures in a separate process: its memory is freed when it ends, and it does not block this one. */
export class Painter {
  #process: ChildProcess | null = null;
  #lastId = 0;
  readonly #pending = new Map<number, PendingPicture>();

  /** Stores the pictures in `folder`. `width` is in pixels; without it the program decides. */
  constructor(
    private readonly folder: string,
    private readonly width?: number,
  ) {}

  /** The picture as a JPEG. */
  draw(subject: PictureSubject, view: PictureView): Promise<Buffer> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#process ??= this.#start();
      this.#process.send({ id, view, city: subject.city, title: subject.title });
    });
  }

  close(): void {
    this.#process?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const width = this.width === undefined ? [] : [String(this.width)];
    const child = spawn(process.execPath, [...process.execArgv, PROGRAM, this.folder, ...width], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    child.on('message', ({ id, bytes }: { id: number; bytes: Uint8Array }) => {
      this.#pending.get(id)?.resolve(Buffer.from(bytes));
      this.#pending.delete(id);
    });
    const ended = () => {
      this.#process = null;
      for (const { reject } of this.#pending.values()) reject(new Error('The painter process has ended'));
      this.#pending.clear();
    };
    child.once('error', ended);
    child.once('exit', ended);
    child.unref();
    child.channel?.unref();
    return child;
  }
}
