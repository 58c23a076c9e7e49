import { Gauge, type Registry } from 'prom-client';
import { withTimeout } from '../timing/with-timeout.js';

/** Prometheus gives up a scrape after 10 s by default. */
const READ_TIMEOUT_MS = 2_000;

type Value = number | readonly (readonly [labels: Record<string, string>, value: number])[];

interface ScrapedGauge<T> {
  name: string;
  help: string;
  labelNames?: readonly string[];
  /** A number, or one number for each set of labels. */
  of: (read: T) => Value;
}

/**
 * Gauges of a state outside the process, such as a table: one read per scrape for all of them. Every replica exports the
 * same values, so queries take their `max`. A scrape must neither fail nor hang: if the read fails or takes longer than
 * 2 s, gauges without labels are NaN, and those with labels have no series.
 */
export function scrapedGauges<T>(
  registry: Registry,
  read: () => Promise<T>,
  gauges: readonly ScrapedGauge<T>[],
): void {
  let reading: Promise<T | undefined> | undefined;
  const readOnce = () =>
    (reading ??= withTimeout(read(), READ_TIMEOUT_MS)
      .catch(() => undefined)
      .finally(() => (reading = undefined)));
  for (const { name, help, labelNames = [], of } of gauges) {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const found = await readOnce();
        this.reset();
        const value = found === undefined ? unknown(labelNames) : of(found);
        if (typeof value === 'number') this.set(value);
        else for (const [labels, each] of value) this.set(labels, each);
      },
    });
  }
}

const unknown = (labelNames: readonly string[]): Value => (labelNames.length === 0 ? Number.NaN : []);
