import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runningInstance } from '@roost/app-standalone/composition';
import { freePort, runningKafka, runningPostgres, runningRedis } from '@roost/embedded';

import pg from 'pg';

const root = new URL('../../../', import.meta.url);
const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews', 'sandbox'] as const;

/** The distributed system as `npm run start:distributed` runs it, with data, ports and accounts of its own. */
export class LiveSystem {
  private readonly pools = new Map<string, pg.Pool>();

  private constructor(
    private readonly dataDir: string,
    private readonly child: ChildProcess,
    private readonly ports: { gateway: number; metrics: number },
    private readonly output: () => string,
  ) {}

  static async start(): Promise<LiveSystem> {
    const dataDir = mkdtempSync(join(tmpdir(), 'roost-monitoring-'));
    const [gateway, metrics] = [await freePort(), await freePort()];
    const env: Record<string, string | undefined> = {
      ...process.env,
      ROOST_DATA_DIR: dataDir,
      ROOST_DEMO: 'accounts',
      LOG_LEVEL: 'warn',
      RATE_LIMIT_PER_MINUTE: '0',
      PORT: String(gateway),
      METRICS_PORT: String(metrics),
    };
    for (const name of ['POSTGRES', 'REDIS', 'KAFKA']) env[`${name}_PORT`] = String(await freePort());
    for (const name of SERVICES) env[`${name.toUpperCase()}_URL`] = `http://127.0.0.1:${await freePort()}`;
    const child = spawn(process.execPath, nodeArguments('apps/standalone/src/distributed/main.ts'), {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const closed = once(child, 'close');
    await new Promise<void>((resolve, reject) => {
      const append = (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Roost is ready')) resolve();
      };
      child.stdout.on('data', append);
      child.stderr.on('data', append);
      void closed.then(() => reject(new Error(`Roost ended:\n${output}`)));
    });
    return new LiveSystem(dataDir, child, { gateway, metrics }, () => output);
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.gateway}`;
  }

  get redisUrl(): string {
    return found(runningRedis(join(this.dataDir, 'redis')));
  }

  get kafkaBrokers(): string {
    return found(runningKafka(join(this.dataDir, 'kafka')));
  }

  get settings(): Readonly<Record<string, string>> {
    return found(runningInstance(this.dataDir));
  }

  /** The addresses that Prometheus scrapes, by service. */
  targets(): Map<string, string> {
    const { settings } = this;
    const host = (name: string) => new URL(found(settings[`${name.toUpperCase()}_URL`] ?? null)).host;
    return new Map([
      ['gateway', `127.0.0.1:${this.ports.metrics}`],
      ...SERVICES.map((name): [string, string] => [name, host(name)]),
    ]);
  }

  async query(service: string, statement: string): Promise<unknown[]> {
    return (await this.pool(service).query(statement)).rows as unknown[];
  }

  /** A connection that holds locks. */
  connect(service: string): Promise<pg.PoolClient> {
    return this.pool(service).connect();
  }

  private pool(service: string): pg.Pool {
    const url = found(runningPostgres(join(this.dataDir, 'postgres')));
    const pool =
      this.pools.get(service) ?? new pg.Pool({ connectionString: url(`roost_${service}`), max: 2 });
    this.pools.set(service, pool);
    return pool;
  }

  /** Stops a service; it stays stopped until `startStopped`. */
  stopService(name: string): void {
    const starts = [...this.output().matchAll(new RegExp(`\\b${name} .*\\(process (\\d+)\\)`, 'g'))];
    process.kill(Number(found(starts.at(-1)?.[1] ?? null)), 'SIGTERM');
  }

  startStopped(): void {
    this.child.kill('SIGUSR2');
  }

  signalKafka(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(Number(readFileSync(join(this.dataDir, 'kafka/kafka.pid'), 'utf8')), signal);
  }

  /** Runs a command of an operator. Its exit code may say that it found differences. */
  async operate(...args: string[]): Promise<string> {
    return run('tools/src/cli/main.ts', [...args, '--data-dir', this.dataDir]);
  }

  async tour(): Promise<void> {
    const printed = await run('tools/src/tour/main.ts', ['--url', this.url]);
    if (!printed.includes('The tour passed')) throw new Error(printed);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
    const exit = once(this.child, 'close');
    if (this.child.exitCode === null) {
      this.child.kill('SIGINT');
      await exit;
    }
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function nodeArguments(file: string): string[] {
  return [
    '--conditions=@roost/source',
    '--disable-warning=TimeoutNegativeWarning',
    '--import',
    new URL('tools/register.js', root).href,
    fileURLToPath(new URL(file, root)),
  ];
}

async function run(file: string, args: string[]): Promise<string> {
  const child = spawn(process.execPath, [...nodeArguments(file), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return out + error;
}

function found<T>(value: T | null): T {
  if (value === null) throw new Error('The system does not run');
  return value;
}
