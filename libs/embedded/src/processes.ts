import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export function isAlive(pid: number): boolean {
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

/** Tells a process from a later one that got the same number: the moment it began. Null when it is gone. */
export function birthOf(pid: number): string | null {
  if (!isAlive(pid)) return null;
  return statOf(pid)?.[19] ?? ps(pid, 'lstart');
}

/** Whether the process works in this folder: PostgreSQL and Redis both make their data folder their own. */
export function worksIn(pid: number, folder: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return ps(pid, 'command')?.includes(folder) ?? false;
  }
}

export async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(pid)) {
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

/** Asks in rising tones: each signal gets its time before the next one. */
export async function end(pid: number, tones: { signal: NodeJS.Signals; withinMs: number }[]): Promise<void> {
  for (const tone of tones) {
    signal(pid, tone.signal);
    if (await hasEnded(pid, tone.withinMs)) return;
  }
}
