import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@roost/embedded';
import { eventually } from '@roost/testing';
import { readRules, ruleFiles } from './monitoring-pages.js';

const INTERVAL = '5s';
/** Replaces `$__rate_interval` in queries: at least four scrapes. */
export const RATE_INTERVAL = '30s';

export interface Series {
  labels: Record<string, string>;
  /** Pairs of the time in seconds and the value. */
  values: [time: number, value: string][];
}

/** A Prometheus that scrapes the services of a system every 5 s, with quick variants of the rules. */
export class LivePrometheus {
  private constructor(
    private readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(targets: ReadonlyMap<string, string>): Promise<LivePrometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'roost-prometheus-'));
    mkdirSync(join(folder, 'rules'));
    const files = ruleFiles();
    for (const file of files) writeFileSync(join(folder, 'rules', file), quickVariant(readRules(file)));
    writeFileSync(join(folder, 'prometheus.yml'), configuration(files, targets));
    const port = await freePort();
    const log = openSync(join(folder, 'log'), 'w');
    const child = spawn(
      'prometheus',
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', log, log] },
    );
    const prometheus = new LivePrometheus(`http://127.0.0.1:${port}`, child, folder);
    await eventually(
      async () => {
        const { ok } = await fetch(`${prometheus.url}/-/ready`);
        if (!ok) throw new Error('Prometheus is not ready');
      },
      { seconds: 60 },
    );
    return prometheus;
  }

  async query(expr: string): Promise<Record<string, string>[]> {
    const { result } = await this.get<{ result: { metric: Record<string, string> }[] }>('query', {
      query: expr,
    });
    return result.map(({ metric }) => metric);
  }

  async range(expr: string, start: number, end: number): Promise<Series[]> {
    const step = String(Math.max(5, Math.round((end - start) / 200)));
    const { result } = await this.get<{
      result: { metric: Record<string, string>; values: Series['values'] }[];
    }>('query_range', { query: expr, start: String(start), end: String(end), step });
    return result.map(({ metric, values }) => ({ labels: metric, values }));
  }

  async firing(): Promise<Record<string, string>[]> {
    return this.query('ALERTS{alertstate="firing"}');
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await exit;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Throws if Prometheus rejects the query, with its reason. */
  private async get<T>(path: string, parameters: Record<string, string>): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const { data, error } = (await response.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(error);
    return data;
  }
}

/** The same conditions over shorter times: a fault must not last for minutes until its alert fires. */
export function quickVariant(rules: string): string {
  return rules
    .replaceAll(/for: \d+[smh]/g, 'for: 0s')
    .replaceAll(/\[(\d+)([mhd])\]/g, (_, amount: string, unit: string) => {
      const minutes = Number(amount) * { m: 1, h: 60, d: 1440 }[unit as 'm' | 'h' | 'd'];
      return minutes <= 5 ? '[25s]' : minutes <= 60 ? '[60s]' : '[90s]';
    })
    .replaceAll(/(_oldest_seconds|_overdue_seconds)\) > (60|300)\b/g, '$1) > 5');
}

function configuration(files: readonly string[], targets: ReadonlyMap<string, string>): string {
  const jobs = [...targets].map(
    ([service, target]) => `
  - job_name: ${service}
    honor_labels: true
    static_configs:
      - targets: ['${target}']
        labels: { service: ${service} }`,
  );
  return `global:
  scrape_interval: ${INTERVAL}
  evaluation_interval: ${INTERVAL}
rule_files:
${files.map((file) => `  - rules/${file}`).join('\n')}
scrape_configs:${jobs.join('')}
`;
}
