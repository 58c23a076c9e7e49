import { type Output, table } from '../cli/command.js';
import { type CpuMillis, total } from './harness/cpu.js';
import { median, quantile } from './harness/rounds.js';

export interface Measurement {
  requests: number;
  perSecond: number;
  millis: number[];
  used: CpuMillis;
}

export interface Summary {
  listings: number;
  shape: string;
  paths: number;
  app: Figures;
  floor: Figures;
  ratio: number;
}

interface Figures {
  perSecond: number;
  p50: number;
  p95: number;
  /** CPU-ms per search. */
  cpu: CpuMillis;
  cpuTotal: number;
}

function figuresOf(measurements: readonly Measurement[]): Figures {
  const names = Object.keys(measurements[0]?.used ?? {});
  const millis = measurements.flatMap((one) => one.millis);
  return {
    perSecond: median(measurements.map(({ perSecond }) => perSecond)),
    p50: quantile(millis, 0.5),
    p95: quantile(millis, 0.95),
    cpu: Object.fromEntries(
      names.map((name) => [
        name,
        median(measurements.map(({ used, requests }) => (used[name] ?? 0) / requests)),
      ]),
    ),
    cpuTotal: median(measurements.map(({ used, requests }) => total(used) / requests)),
  };
}

export function summarize(
  { listings, shape, paths }: Pick<Summary, 'listings' | 'shape' | 'paths'>,
  measured: { app: readonly Measurement[]; floor: readonly Measurement[] },
): Summary {
  const app = figuresOf(measured.app);
  const floor = figuresOf(measured.floor);
  return { listings, shape, paths, app, floor, ratio: app.cpuTotal / floor.cpuTotal };
}

const ms = (value: number | undefined) => (value ?? Number.NaN).toFixed(2);

export function rowOf({ listings, shape, app, floor, ratio }: Summary) {
  return {
    listings,
    search: shape,
    'req/s': Math.round(app.perSecond),
    'p50 ms': ms(app.p50),
    'p95 ms': ms(app.p95),
    gateway: ms(app.cpu['gateway']),
    'listings CPU': ms(app.cpu['listings']),
    postgres: ms(app.cpu['postgres']),
    'CPU-ms': ms(app.cpuTotal),
    'floor postgres': ms(floor.cpu['postgres']),
    'floor CPU-ms': ms(floor.cpuTotal),
    'floor req/s': Math.round(floor.perSecond),
    'floor p95': ms(floor.p95),
    ratio: ms(ratio),
  };
}

/** The p95 and the CPU time of a size, divided by those of the previous size. */
export function growthOf(results: readonly Summary[]) {
  return [...Map.groupBy(results, ({ shape }) => shape)].flatMap(([search, bySize]) =>
    bySize.slice(1).map((larger, index) => {
      const smaller = bySize[index] ?? larger;
      return {
        search,
        from: smaller.listings,
        to: larger.listings,
        'p95 grows': `${(larger.app.p95 / smaller.app.p95).toFixed(2)}×`,
        'CPU grows': `${(larger.app.cpuTotal / smaller.app.cpuTotal).toFixed(2)}×`,
      };
    }),
  );
}

/** As JSON one object, as text two tables. */
export function printReport(out: Output, results: readonly Summary[]): void {
  const growth = growthOf(results);
  const tables = [table(results.map(rowOf)), ...(growth.length > 0 ? [table(growth)] : [])];
  out.line({ results, growth }, tables.join('\n\n'));
  const cpu = results.map(({ app }) => app.cpuTotal);
  out.progress(
    `CPU-ms per search, of all processes. All shapes: median ${ms(median(cpu))}, most ${ms(Math.max(...cpu))}; ratio to the floor: median ${ms(median(results.map(({ ratio }) => ratio)))}.`,
  );
}
