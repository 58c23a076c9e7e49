import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { end, startTimeOf } from '@roost/embedded';
import { LabError } from './run.js';
import { binaries, state } from './settings.js';

const records = join(state, 'daemons');
export const logs = join(state, 'logs');

interface DaemonRecord {
  pid: number;
  /** Distinguishes the process from a later one with the same id. */
  startTime: string | null;
}

const recordFile = (name: string) => join(records, `${name}.json`);
const logFile = (name: string) => join(logs, `${name}.log`);

export interface DaemonOptions {
  /** The network namespace to start in; that of the host by default. */
  namespace?: string;
  env?: Record<string, string>;
}

/** Starts a program that outlives this process. Its output is in `logs`. */
export function startDaemon(
  name: string,
  program: string,
  args: readonly string[],
  options: DaemonOptions = {},
): void {
  if (isRunning(name)) return;
  mkdirSync(records, { recursive: true });
  mkdirSync(logs, { recursive: true });
  const log = openSync(logFile(name), 'a');
  const [first = program, ...rest] = options.namespace
    ? ['nsenter', `--net=/run/netns/${options.namespace}`, program, ...args]
    : [program, ...args];
  const child = spawn(first, rest, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${binaries}:${process.env.PATH}`, ...options.env },
  });
  child.unref();
  if (child.pid === undefined) throw new LabError(`${first} is not installed.`);
  const record: DaemonRecord = { pid: child.pid, startTime: startTimeOf(child.pid) };
  writeFileSync(recordFile(name), JSON.stringify(record));
}

function recordOf(name: string): DaemonRecord | undefined {
  if (!existsSync(recordFile(name))) return undefined;
  return JSON.parse(readFileSync(recordFile(name), 'utf8')) as DaemonRecord;
}

export function pidOf(name: string): number | undefined {
  const record = recordOf(name);
  return record?.startTime && startTimeOf(record.pid) === record.startTime ? record.pid : undefined;
}

export const isRunning = (name: string) => pidOf(name) !== undefined;

/** The daemons that were started, in the order of their names. */
export function daemonNames(): string[] {
  if (!existsSync(records)) return [];
  return readdirSync(records).map((file) => file.replace(/\.json$/, ''));
}

/** Throws if a daemon that was started has ended. */
export function checkDaemons(): void {
  for (const name of daemonNames()) {
    if (!isRunning(name)) throw new LabError(`${name} ended: ${lastLines(name)}`);
  }
}

export async function stopDaemon(name: string): Promise<void> {
  const pid = pidOf(name);
  if (pid !== undefined) {
    await end(pid, [
      { signal: 'SIGTERM', withinMs: 10_000 },
      { signal: 'SIGKILL', withinMs: 5_000 },
    ]);
  }
  rmSync(recordFile(name), { force: true });
}

/** Waits until a condition holds. Throws as soon as one of the daemons that it depends on has ended. */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean>,
  options: { daemons?: string[]; seconds?: number } = {},
): Promise<void> {
  const deadline = performance.now() + (options.seconds ?? 240) * 1000;
  while (!(await condition())) {
    for (const name of options.daemons ?? []) {
      if (!isRunning(name)) throw new LabError(`${name} ended: ${lastLines(name)}`);
    }
    if (performance.now() > deadline) {
      throw new LabError(`${what} is not ready after ${options.seconds ?? 240} s; the logs are in ${logs}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether the output of a daemon contains this text. */
export const hasLogged = (name: string, text: string): boolean =>
  readFileSync(logFile(name), 'utf8').includes(text);

function lastLines(name: string): string {
  return readFileSync(logFile(name), 'utf8').trim().split('\n').slice(-3).join('\n');
}
