import type { Output } from '../cli/command.js';
import { type CpuMillis, total } from './harness/cpu.js';
import { median, quantile } from './harness/rounds.js';

/** "low": bookings of different nights. "hot": bookings of overlapping nights of one listing. */
export type Contention = 'low' | 'hot';
export type SubjectName = 'app' | 'floor';

/** One measurement of one subject. */
export interface Measurement {
  requests: number;
  /** The number of bookings that hold their nights. */
  held: number;
  /** CPU time until the last response. */
  untilResponse: CpuMillis;
  /** CPU time until the work after the responses is complete. */
  untilIdle: CpuMillis;
  perSecond: number;
  millis: number[];
}

export type Summary = ReturnType<typeof summarize>;

/** CPU-ms per request and process: the median of the rounds. */
function perRequest(measurements: readonly Measurement[], column: 'untilResponse' | 'untilIdle'): CpuMillis {
  const names = Object.keys(measurements[0]?.[column] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(measurements.map((one) => (one[column][name] ?? 0) / one.requests))]),
  );
}

export function summarize(
  contention: Contention,
  connections: number,
  measured: Readonly<Record<SubjectName, readonly Measurement[]>>,
) {
  const summaryOf = (measurements: readonly Measurement[]) => {
    const totals = measurements.map(({ untilIdle, requests }) => total(untilIdle) / requests);
    return {
      cpuMillis: perRequest(measurements, 'untilIdle'),
      responseCpuMillis: total(perRequest(measurements, 'untilResponse')),
      totalCpuMillis: median(totals),
      totals,
      requestsPerSecond: median(measurements.map(({ perSecond }) => perSecond)),
      p95Millis: quantile(
        measurements.flatMap(({ millis }) => millis),
        0.95,
      ),
      heldShare: median(measurements.map(({ held, requests }) => held / requests)),
    };
  };
  const app = summaryOf(measured.app);
  const floor = summaryOf(measured.floor);
  return {
    contention,
    connections,
    app,
    floor,
    ratio: app.totalCpuMillis / floor.totalCpuMillis,
    responseRatio: app.responseCpuMillis / floor.responseCpuMillis,
    ratios: app.totals.map((millis, round) => millis / (floor.totals[round] ?? Number.NaN)),
  };
}

export function printReport(
  out: Output,
  results: readonly Summary[],
  roundTrips: Readonly<Record<SubjectName, number>>,
): void {
  const ms = (value: number | undefined) => (value ?? Number.NaN).toFixed(2);
  out.result({ results, roundTrips }, [
    ...results.map(({ contention, connections, app, floor, ratio, responseRatio, ratios }) => ({
      contention,
      connections,
      'gateway ms': ms(app.cpuMillis['gateway']),
      'bookings ms': ms(app.cpuMillis['bookings']),
      'postgres ms': ms(app.cpuMillis['postgres']),
      'app ms': ms(app.totalCpuMillis),
      'proxy ms': ms(floor.cpuMillis['proxy']),
      'server ms': ms(floor.cpuMillis['server']),
      'floor postgres ms': ms(floor.cpuMillis['postgres']),
      'floor ms': ms(floor.totalCpuMillis),
      ratio: ratio.toFixed(2),
      'until response': responseRatio.toFixed(2),
      rounds: ratios.map((one) => one.toFixed(2)).join(' '),
      'app req/s': Math.round(app.requestsPerSecond),
      'floor req/s': Math.round(floor.requestsPerSecond),
      held: `${Math.round(app.heldShare * 100)} %`,
    })),
  ]);
  out.progress(
    `CPU-ms per request. SQL round trips per booking: app ${roundTrips.app}, floor ${roundTrips.floor}. "until response" is the ratio without the work after the response.`,
  );
}
