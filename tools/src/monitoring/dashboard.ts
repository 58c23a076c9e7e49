export interface Query {
  /** PromQL. `$service` and `$__rate_interval` are variables of Grafana. */
  expr: string;
  /** The name of a series: `{{label}}` is replaced. */
  legend: string;
}

export type Unit = 's' | 'reqps' | 'ops' | 'percentunit' | 'bytes' | 'short' | 'none';

export interface Panel {
  title: string;
  description?: string;
  kind?: 'graph' | 'stat';
  unit: Unit;
  queries: readonly Query[];
  /** Why the panel has no data while all is well. `npm run test:monitoring` requires data of every other panel. */
  emptyWithout?: string;
}

export interface Dashboard {
  /** The name of the file, and the `uid` in Grafana. */
  name: string;
  title: string;
  /** Whether the dashboard shows the service that is selected at its top. */
  perService?: boolean;
  rows: readonly { title: string; panels: readonly Panel[] }[];
}

const WIDTH = 24;
const HEIGHT = 8;
const PER_ROW = 3;

/** The JSON of a dashboard that Grafana provisions. */
export function grafanaJson({ name, title, perService, rows }: Dashboard): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { h: 1, w: WIDTH, x: 0, y },
      panels: [],
    });
    y += 1;
    row.panels.forEach((panel, index) => {
      const w = WIDTH / PER_ROW;
      const gridPos = { h: HEIGHT, w, x: (index % PER_ROW) * w, y: y + Math.floor(index / PER_ROW) * HEIGHT };
      panels.push({ id: panels.length + 1, gridPos, ...panelJson(panel) });
    });
    y += Math.ceil(row.panels.length / PER_ROW) * HEIGHT;
  }
  const dashboard = {
    uid: `roost-${name}`,
    title: `Roost: ${title}`,
    tags: ['roost'],
    schemaVersion: 41,
    editable: false,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: { list: [DATASOURCE, ...(perService ? [SERVICE] : [])] },
    panels,
  };
  return JSON.stringify(dashboard);
}

const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const DATASOURCE = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' };
const SERVICE = {
  name: 'service',
  type: 'query',
  label: 'Service',
  datasource: SOURCE,
  query: { query: 'label_values(roost_ready, service)', refId: 'service' },
  refresh: 2,
  sort: 1,
};

function panelJson({ title, description, kind = 'graph', unit, queries, emptyWithout }: Panel): object {
  const text = [description, emptyWithout && `Empty while there is no ${emptyWithout}.`].filter(Boolean);
  return {
    type: kind === 'graph' ? 'timeseries' : 'stat',
    title,
    ...(text.length > 0 ? { description: text.join(' ') } : {}),
    datasource: SOURCE,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options:
      kind === 'graph'
        ? { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } }
        : { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value' },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
