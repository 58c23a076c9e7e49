import { spawn } from 'node:child_process';
import { binaries } from './settings.js';

/** A failure that is printed as one sentence, without a stack. */
export class LabError extends Error {}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  input?: string;
  /** Called with each chunk of the output, for programs that take long. */
  onOutput?: (text: string) => void;
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, whatever its exit code. Programs of the lab's cache come first on the path. */
export function attempt(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, PATH: `${binaries}:${process.env.PATH}`, ...options.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      options.onOutput?.(text);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new LabError(`${program} is not installed.`) : error),
    );
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
    // A program that ends before it has read its input reports that by its exit code.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
  });
}

/** Runs a program and returns its output. Throws with the last lines of its errors. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const outcome = await attempt(program, args, options);
  if (outcome.code === 0) return outcome.stdout;
  const cause = (outcome.stderr || outcome.stdout).trim().split('\n').slice(-5).join('\n');
  throw new LabError(`${[program, ...args].join(' ').slice(0, 200)} failed (${outcome.code}): ${cause}`);
}
