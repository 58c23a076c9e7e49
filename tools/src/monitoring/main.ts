import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dashboards } from './dashboards.js';
import { faults } from './faults.js';
import { LivePrometheus } from './live-prometheus.js';
import { LiveSystem } from './live-system.js';
import { emptyPanels, type PanelResult, readPanels } from './panel-check.js';
import { drawDashboards } from './pictures.js';
import { CheckFailed, checkConfiguration } from './static-checks.js';

const HELP = `Checks rules, alerts, runbooks and dashboards.

  npm run test:monitoring [-- options]

Without a server: promtool and amtool check the configuration and run the rule tests. Then it starts the distributed system and a
Prometheus that scrapes it, runs the tour, requires data from the query of each panel, and plants faults: the alert of each
must fire, and clear when the fault has gone. The rules are the ones of docker/prometheus, over shorter times.

  --static     only the checks without a server (seconds)
  --live       only the checks with the running system (minutes)
  --pictures   draw the dashboards from the live results into docs/images
  --fault TEXT only the faults whose name contains TEXT
  --help       print this help

It needs the Debian packages prometheus and prometheus-alertmanager, and for the system Java 17 and Maven.`;

const { values } = parseArgs({
  options: {
    static: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    pictures: { type: 'boolean', default: false },
    fault: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const started = performance.now();
const say = (line: string): void =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`);

if (values.help) {
  console.log(HELP);
  process.exit(0);
}

try {
  if (!values.live) for (const line of checkConfiguration()) say(line);
  if (!values.static) await checkLive();
} catch (error) {
  if (!(error instanceof CheckFailed)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function checkLive(): Promise<void> {
  say('starting the distributed system');
  const system = await LiveSystem.start();
  try {
    const prometheus = await LivePrometheus.start(system.targets());
    try {
      await checkAgainst(system, prometheus);
    } finally {
      await prometheus.stop();
    }
  } finally {
    await system.stop();
  }
}

async function checkAgainst(system: LiveSystem, prometheus: LivePrometheus): Promise<void> {
  const start = Date.now() / 1000;
  await waitFor('all targets are up', async () => {
    const up = await prometheus.query('up == 1');
    return up.length === system.targets().size ? [] : [`${up.length} of ${system.targets().size}`];
  });
  say(`Prometheus scrapes ${system.targets().size} services; running the tour`);
  // Counters that appear with a value show no increase: the second run shows it.
  await system.tour();
  await system.tour();
  say('the tour passed twice');
  let results: PanelResult[] = [];
  const required = ({ panel }: PanelResult) => panel.emptyWithout === undefined;
  await waitFor('all panels have data', async () => {
    results = await readPanels(prometheus, dashboards, start);
    return emptyPanels(results.filter(required));
  });
  say(`${results.length} panels: every query is valid, and ${results.filter(required).length} have data`);
  await waitFor('no alert fires', async () => unexpected(await prometheus.firing()));
  say('no alert fires while all is well');

  for (const fault of faults.filter(({ name }) => name.includes(values.fault))) {
    say(`fault: ${fault.name}`);
    const clear = await fault.plant(system);
    const names = fault.alerts.map(([name, label]) => `${name} (${label})`).join(', ');
    try {
      await waitFor(`${names} fires`, async () => missing(fault.alerts, await prometheus.firing()));
      say(`  fires: ${names}`);
    } finally {
      await clear();
    }
    await waitFor(`${names} clears`, async () => unexpected(await prometheus.firing()));
    say('  cleared');
  }
  results = await readPanels(prometheus, dashboards, start);
  const empty = emptyPanels(results);
  say(
    `after the faults, ${results.length - empty.length} panels have data; empty: ${empty.join('; ') || 'none'}`,
  );
  if (values.pictures) {
    const folder = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
    for (const file of await drawDashboards(results, folder)) say(`drawn: ${file}`);
  }
}

/** No backup is made here, and how fast this machine is proves nothing. */
function isIgnored({ alertname = '', slo = '' }: Record<string, string>): boolean {
  return ['RoostBackupMissing', 'RoostEventLoopSlow'].includes(alertname) || slo.endsWith('-latency');
}

function describe({ alertname = '', service, slo, kind }: Record<string, string>): string {
  return `${alertname} (${service ?? slo ?? kind})`;
}

function unexpected(firing: readonly Record<string, string>[]): string[] {
  return firing.filter((alert) => !isIgnored(alert)).map(describe);
}

function missing(
  expected: readonly [alert: string, label?: string][],
  firing: readonly Record<string, string>[],
): string[] {
  const found = new Set(firing.map(describe));
  return expected.map(([name, label]) => `${name} (${label})`).filter((alert) => !found.has(alert));
}

/** Waits until `open` finds nothing more. Fails after five minutes with what is still open. */
async function waitFor(what: string, open: () => Promise<string[]>): Promise<void> {
  const deadline = performance.now() + 300_000;
  for (;;) {
    const left = await open();
    if (left.length === 0) return;
    if (performance.now() > deadline)
      throw new CheckFailed(`Not reached within five minutes: ${what}. Still open: ${left.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
