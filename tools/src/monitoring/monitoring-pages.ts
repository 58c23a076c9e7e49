import { readdirSync, readFileSync } from 'node:fs';
import { grafanaJson } from './dashboard.js';
import { dashboards } from './dashboards.js';

const folder = new URL('../../../docker/prometheus/rules/', import.meta.url);

/** The names of the files with rules; those with their tests end with `_test.yaml`. */
export const ruleFiles = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('_test.yaml'))
    .toSorted();

export const readRules = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

/** The dashboards for Grafana, and the rules as objects of the Prometheus operator. */
export function monitoringPages(): Map<string, string> {
  const pages = new Map(
    dashboards.map((dashboard): [string, string] => [
      `docker/grafana/dashboards/${dashboard.name}.json`,
      grafanaJson(dashboard),
    ]),
  );
  pages.set('k8s/components/monitoring/prometheus-rules.yaml', prometheusRules());
  return pages;
}

function prometheusRules(): string {
  const objects = ruleFiles().map((file) => {
    const [, groups] = readRules(file).split(/^groups:\n/m);
    if (groups === undefined) throw new Error(`${file} has no line "groups:"`);
    return `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: roost-${file.replace('.yaml', '')}
  labels:
    app.kubernetes.io/part-of: roost
spec:
  groups:
${groups.replace(/^(?=.)/gm, '  ')}`;
  });
  return `# Generated from docker/prometheus/rules by "npm run docs".\n${objects.join('---\n')}`;
}
