import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return stateOf(pid) !== 'Z';
}

function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function stateOf(pid: number): string | null {
  return statOf(pid)?.[0] ?? null;
}

function ps(pid: number, column: string): string | null {
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .trim();
  } catch {
    return null;
  }
}

/** The start time, which distinguishes a process from a later one with the same id. Null if the process has ended. */
export function startTimeOf(pid: number): string | null {
  if (!isRunning(pid)) return null;
  return statOf(pid)?.[19] ?? ps(pid, 'lstart');
}

/** Whether the working folder of the process is `folder`. PostgreSQL, Redis and Kafka work in their data folders. */
export function hasWorkingFolder(pid: number, folder: string): boolean {
  if (!isRunning(pid)) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return ps(pid, 'command')?.includes(folder) ?? false;
  }
}

export async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await pause(15);
  }
  return true;
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Sends one signal after the other until the process has ended, each after the time of the previous one. */
export async function end(pid: number, steps: { signal: NodeJS.Signals; withinMs: number }[]): Promise<void> {
  for (const step of steps) {
    signal(pid, step.signal);
    if (await hasEnded(pid, step.withinMs)) return;
  }
}
