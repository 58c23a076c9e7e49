import { SandboxMetrics } from '@roost/app-sandbox';
import { KafkaLog } from '@roost/messaging';
import { type MetricDescription, Metrics } from '@roost/platform';
import { Registry } from 'prom-client';

const HEAD = `# Metrics

Generated from the registries of the running services by \`npm run docs\`. Each service serves its metrics at \`/metrics\` of its
port, the gateway on a port of its own (3100). [Observability](observability.md) explains dashboards and alerts.

All metrics have the label \`service\`; those of the process and of the sandbox get it from the configuration of the scrape.
Gauges that are read from PostgreSQL or Redis are the same in all replicas of a service: take their \`max\`, not their \`sum\`.
Amounts of money are in minor units. No label contains an id.`;

/** docs/metrics.md: all metrics by the services that have them. */
export function metricsPage(byService: ReadonlyMap<string, readonly MetricDescription[]>): string {
  const services = [...byService.keys()];
  const users = new Map<string, { metric: MetricDescription; services: string[] }>();
  for (const [service, metrics] of byService) {
    for (const metric of metrics) {
      const entry = users.get(metric.name) ?? { metric, services: [] };
      entry.services.push(service);
      users.set(metric.name, entry);
    }
  }
  const groups = Map.groupBy(users.values(), ({ services: having }) => titleOf(having, services));
  const sections = [...groups].map(([title, entries]) =>
    section(
      title,
      entries.map(({ metric }) => metric),
    ),
  );
  return [
    HEAD,
    ...sections.toSorted(),
    section('Services with Kafka', kafkaMetrics()),
    section('Sandbox', Metrics.describe(new SandboxMetrics().registry)),
    section('Processes', Metrics.describe(Metrics.ofProcess)),
  ].join('\n\n');
}

function titleOf(having: readonly string[], all: readonly string[]): string {
  if (having.length === all.length) return 'All services';
  return having.length === all.length - 1 ? 'All services with a database' : having.map(capital).join(', ');
}

function kafkaMetrics(): MetricDescription[] {
  const registry = new Registry();
  const silent = () => undefined;
  new KafkaLog({ info: silent, warn: silent, error: silent }, registry);
  return Metrics.describe(registry);
}

function section(title: string, metrics: readonly MetricDescription[]): string {
  const rows = metrics
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labels, help }) => {
      const names = labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${names || '–'} | ${help} |`;
    });
  return [
    `## ${title}`,
    '',
    '| metric | type | labels | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
