import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the kernel counts CPU time in, per second; 100 on every Linux that people run. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU-ms of one process since it began, all its threads, in user and in kernel mode; null when it is gone. */
export function cpuMillisOf(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name stands in brackets and may hold anything; what follows it is numbers: state is the third field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, kernel] = [Number(fields[11]), Number(fields[12])];
  return ((user + kernel) * 1000) / TICKS_PER_SECOND;
}

/** Groups of processes by name: an app process is one, the backends of a database are one together. */
export type Watched = Record<string, () => number[] | Promise<number[]>>;

export type CpuMillis = Record<string, number>;

/** Measures what groups of processes use between two moments. A process that ends in between takes its time with it. */
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

  /** CPU-ms per group since the start; what has begun since counts from its beginning. */
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
