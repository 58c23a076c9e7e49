import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRules, ruleFiles } from './monitoring-pages.js';

const folder = fileURLToPath(new URL('../../../docker/prometheus/', import.meta.url));
const runbooks = fileURLToPath(new URL('../../../docs/runbooks/', import.meta.url));

/** Of a server: `promtool` and `amtool` are in the Debian packages prometheus and prometheus-alertmanager. */
export class CheckFailed extends Error {}

/** Checks the configuration without a server. Returns one line per check; throws a CheckFailed at the first mistake. */
export function checkConfiguration(): string[] {
  const files = ruleFiles();
  run('promtool', 'check', 'config', join(folder, 'prometheus.yml'));
  for (const file of files)
    if (!readFileSync(join(folder, 'prometheus.yml'), 'utf8').includes(`rules/${file}`))
      throw new CheckFailed(`prometheus.yml does not load rules/${file}.`);
  const tests = files.map((file) => file.replace('.yaml', '_test.yaml'));
  const present = tests.filter((file) => readdirSync(join(folder, 'rules')).includes(file));
  run('promtool', 'test', 'rules', ...present.map((file) => join(folder, 'rules', file)));
  run('amtool', 'check-config', join(folder, 'alertmanager.yml'));
  route('pager', 'severity=critical');
  route('team', 'severity=warning');
  const alerts = files.flatMap((file) => alertsIn(readRules(file)));
  checkRunbooks(alerts);
  checkTests(alerts, present.map((file) => readRules(file)).join('\n'));
  rejectsMistakes();
  return [
    `${files.length} rule files and the configurations of Prometheus and Alertmanager are valid`,
    `${alerts.length} alerts: each fires on its fault, is quiet without it, and has a runbook`,
    'critical alerts go to the pager, warnings to the team',
    'planted mistakes are found: an invalid expression, a rule that never fires, an unknown receiver',
  ];
}

interface AlertRule {
  name: string;
  runbook: string;
}

export function alertsIn(rules: string): AlertRule[] {
  return rules.split(/^\s+- (?=alert:|record:)/m).flatMap((text) => {
    const name = /^alert: (\w+)$/m.exec(text)?.[1];
    if (name === undefined) return [];
    for (const part of ['severity', 'summary', 'description'])
      if (!new RegExp(`^\\s+${part}: \\S`, 'm').test(text)) throw new CheckFailed(`${name} has no ${part}.`);
    return [{ name, runbook: /runbook_url: (\S+)/.exec(text)?.[1] ?? '' }];
  });
}

function checkRunbooks(alerts: readonly AlertRule[]): void {
  // The other pages, such as those of rotations, belong to no alert.
  const pages = new Set(readdirSync(runbooks).filter((name) => name.startsWith('Roost')));
  for (const { name, runbook } of alerts) {
    if (runbook !== `docs/runbooks/${name}.md`)
      throw new CheckFailed(`${name} must have runbook_url: docs/runbooks/${name}.md`);
    if (!pages.delete(`${name}.md`)) throw new CheckFailed(`docs/runbooks/${name}.md is missing.`);
  }
  if (pages.size > 0) throw new CheckFailed(`No alert belongs to docs/runbooks/${[...pages].join(', ')}.`);
}

/** An expectation without samples says that the alert is quiet. */
function checkTests(alerts: readonly AlertRule[], tests: string): void {
  for (const { name } of alerts) {
    const found = tests
      .split(/^\s+- expr: /m)
      .filter((text) => text.startsWith(`ALERTS{alertname="${name}"`));
    if (!found.some((text) => /exp_samples:\s*\n/.test(text)))
      throw new CheckFailed(`No test lets ${name} fire.`);
    if (!found.some((text) => /exp_samples: \[\]/.test(text)))
      throw new CheckFailed(`No test says when ${name} is quiet.`);
  }
}

/** A check that accepts everything proves nothing. */
function rejectsMistakes(): void {
  const scratch = mkdtempSync(join(tmpdir(), 'roost-rules-'));
  const rejects = (what: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      if (error instanceof CheckFailed) return;
      throw error;
    }
    throw new CheckFailed(`A planted mistake was not found: ${what}.`);
  };
  try {
    const rules = readRules('events.yaml');
    writeFileSync(join(scratch, 'events.yaml'), rules.replace('max by (service) (', 'max by service) ('));
    rejects('an invalid expression', () => run('promtool', 'check', 'rules', join(scratch, 'events.yaml')));
    writeFileSync(
      join(scratch, 'events.yaml'),
      rules.replaceAll('roost_dead_letters)', 'roost_dead_letter)'),
    );
    writeFileSync(join(scratch, 'events_test.yaml'), readRules('events_test.yaml'));
    rejects('a rule that never fires', () =>
      run('promtool', 'test', 'rules', join(scratch, 'events_test.yaml')),
    );
    const alertmanager = readFileSync(join(folder, 'alertmanager.yml'), 'utf8');
    writeFileSync(
      join(scratch, 'alertmanager.yml'),
      alertmanager.replace('receiver: pager', 'receiver: nobody'),
    );
    rejects('an unknown receiver', () => run('amtool', 'check-config', join(scratch, 'alertmanager.yml')));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function route(receiver: string, label: string): void {
  const config = join(folder, 'alertmanager.yml');
  run(
    'amtool',
    'config',
    'routes',
    'test',
    `--config.file=${config}`,
    `--verify.receivers=${receiver}`,
    label,
  );
}

function run(program: string, ...args: string[]): void {
  try {
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: string; stdout?: string; stderr?: string };
    if (code === 'ENOENT')
      throw new CheckFailed(
        `${program} is not installed: apt-get install prometheus prometheus-alertmanager`,
      );
    throw new CheckFailed(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}
