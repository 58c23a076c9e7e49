import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Shared by all services of the process. */
const processRegistry = new Registry();
collectDefaultMetrics({ register: processRegistry });

/** Adds a metric that belongs to no service. `read` is called at each scrape; null: there is no value. */
export function addProcessGauge(name: string, help: string, read: () => number | null): void {
  new Gauge({
    name,
    help,
    registers: [processRegistry],
    collect() {
      const value = read();
      if (value === null) this.remove();
      else this.set(value);
    },
  });
}

const HTTP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export interface MetricDescription {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  labels: readonly string[];
}

/** The metrics of one service, served at `/metrics`. A second call with the same name returns the same metric. */
export class Metrics {
  readonly registry = new Registry();

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return (
      (this.registry.getSingleMetric(name) as Counter<L> | undefined) ??
      new Counter({ name, help, labelNames, registers: [this.registry] })
    );
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return (
      (this.registry.getSingleMetric(name) as Gauge<L> | undefined) ??
      new Gauge({ name, help, labelNames, registers: [this.registry] })
    );
  }

  histogram<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets = HTTP_BUCKETS,
  ): Histogram<L> {
    return (
      (this.registry.getSingleMetric(name) as Histogram<L> | undefined) ??
      new Histogram({ name, help, labelNames, buckets, registers: [this.registry] })
    );
  }

  /** What is registered, for the catalogue in `docs/metrics.md`. */
  static describe(registry: Registry): MetricDescription[] {
    return registry.getMetricsAsArray().map((metric) => {
      const { name, help, labelNames = [] } = metric as typeof metric & { labelNames?: string[] };
      return { name, help, type: typeOf(metric), labels: labelNames };
    });
  }

  /** The metrics of Node.js and of the process, which its services share. */
  static get ofProcess(): Registry {
    return processRegistry;
  }

  /** The metrics of the process and of the service in the text format of Prometheus. */
  async text(): Promise<string> {
    return `${await processRegistry.metrics()}\n${await this.registry.metrics()}`;
  }
}

function typeOf(metric: object): MetricDescription['type'] {
  if (metric instanceof Counter) return 'counter';
  if (metric instanceof Histogram) return 'histogram';
  return metric instanceof Gauge ? 'gauge' : 'summary';
}
