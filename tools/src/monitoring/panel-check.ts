import type { Dashboard, Panel } from './dashboard.js';
import { type LivePrometheus, RATE_INTERVAL, type Series } from './live-prometheus.js';

export interface PanelResult {
  dashboard: Dashboard;
  panel: Panel;
  service: string | null;
  series: Series[];
}

/** The service that dashboards of a single service show. It has all kinds of metrics. */
const EXAMPLE = 'payments';

/** Runs each query of the dashboards over the time since `start`. Throws for a query that Prometheus rejects. */
export async function readPanels(
  prometheus: LivePrometheus,
  dashboards: readonly Dashboard[],
  start: number,
): Promise<PanelResult[]> {
  const results: PanelResult[] = [];
  const end = Date.now() / 1000;
  for (const dashboard of dashboards) {
    const service = dashboard.perService ? EXAMPLE : null;
    for (const panel of dashboard.rows.flatMap(({ panels }) => panels)) {
      const series = [];
      for (const { expr, legend } of panel.queries) {
        const query = substitute(expr, service);
        const found = await prometheus.range(query, start, end).catch((error: unknown) => {
          throw new Error(`${dashboard.name}, "${panel.title}": ${(error as Error).message}\n  ${query}`);
        });
        series.push(
          ...found.map((each) => ({ ...each, labels: { ...each.labels, legend: nameOf(legend, each) } })),
        );
      }
      results.push({ dashboard, panel, service, series });
    }
  }
  return results;
}

/** The panels that should have data and have none. */
export const emptyPanels = (results: readonly PanelResult[]): string[] =>
  results
    .filter(({ series }) => !series.some(({ values }) => values.some(([, value]) => value !== 'NaN')))
    .map(({ dashboard, panel }) => `${dashboard.name}: ${panel.title}`);

const substitute = (expr: string, service: string | null): string =>
  expr.replaceAll('$__rate_interval', RATE_INTERVAL).replaceAll('$service', service ?? '');

const nameOf = (legend: string, { labels }: Series): string =>
  legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
