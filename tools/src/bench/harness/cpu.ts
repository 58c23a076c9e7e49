import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The unit of CPU time of the kernel, per second; usually 100 on Linux. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU-ms of one process since its start, for all threads in user and kernel mode; null if the process has ended. */
export function cpuMillisOf(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name is in brackets and can contain any character; the fields after it start with the third field, the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, kernel] = [Number(fields[11]), Number(fields[12])];
  return ((user + kernel) * 1000) / TICKS_PER_SECOND;
}

/** Groups of processes by name, such as one service or all backends of a database. */
export type Watched = Record<string, () => number[] | Promise<number[]>>;

export type CpuMillis = Record<string, number>;

/** Measures the CPU time of groups of processes. The CPU time of a process that ends during the measurement is lost. */
export class CpuMeter {
  private constructor(
    private readonly watched: Watched,
    private readonly before: ReadonlyMap<number, number>,
  ) {}

  static async start(watched: Watched): Promise<CpuMeter> {
    const before = new Map<number, number>();
    for (const pids of Object.values(watched)) {
      for (const pid of await pids()) before.set(pid, cpuMillisOf(pid) ?? 0);
    }
    return new CpuMeter(watched, before);
  }

  /** CPU-ms per group since the start; processes that started later count from their start. */
  async read(): Promise<CpuMillis> {
    const used: CpuMillis = {};
    for (const [name, pids] of Object.entries(this.watched)) {
      used[name] = 0;
      for (const pid of await pids()) used[name] += (cpuMillisOf(pid) ?? 0) - (this.before.get(pid) ?? 0);
    }
    return used;
  }
}

export const total = (used: CpuMillis): number =>
  Object.values(used).reduce((sum, millis) => sum + millis, 0);
