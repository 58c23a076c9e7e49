import { spawn } from 'node:child_process';

/** A call of kubectl that failed. `message`: what kubectl printed. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

export interface KubectlOptions {
  /** The program; default `kubectl` on PATH. */
  program?: string;
  context?: string;
}

/** Calls kubectl. */
export class Kubectl {
  readonly #program: string;
  readonly #common: readonly string[];

  constructor({ program = 'kubectl', context }: KubectlOptions = {}) {
    this.#program = program;
    this.#common = context === undefined ? [] : ['--context', context];
  }

  /** Returns the standard output. Throws a `KubectlError`. */
  run(args: readonly string[], input = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, [...this.#common, ...args], { stdio: 'pipe' });
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new KubectlError(
            error.code === 'ENOENT'
              ? `There is no ${this.#program}: install kubectl, or set KUBECTL to its path.`
              : error.message,
          ),
        ),
      );
      child.once('close', (code) => {
        if (code === 0) resolve(out);
        else reject(new KubectlError(err.trim() || `kubectl ${args[0]} ended with ${code}`));
      });
      // kubectl may end before it has read everything; its exit code says why.
      child.stdin.on('error', () => undefined).end(input);
    });
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '--output=json'])) as T;
  }
}
