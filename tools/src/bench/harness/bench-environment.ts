import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type EmbeddedPostgres, freePort, startPostgres, startRedis } from '@roost/embedded';
import pg from 'pg';

const READY_TIMEOUT_MS = 60_000;
const root = new URL('../../../../', import.meta.url);
const ISSUER = 'roost';
const KEY_ID = 'bench';

export interface Service {
  url: string;
  pid: number;
}

/** PostgreSQL, Redis and programs of this repository, each in its own process, in a temporary folder. */
export class BenchEnvironment {
  private readonly children: ChildProcess[] = [];
  private readonly key: KeyObject;
  private readonly jwksUrl: string;

  private constructor(
    private readonly folder: string,
    readonly postgres: EmbeddedPostgres,
    private readonly redis: Awaited<ReturnType<typeof startRedis>>,
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.key = privateKey;
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' };
    this.jwksUrl = `data:application/json;base64,${base64(JSON.stringify({ keys: [jwk] }), 'base64')}`;
  }

  static async start(): Promise<BenchEnvironment> {
    const folder = mkdtempSync(join(tmpdir(), 'roost-bench-'));
    const [postgres, redis] = await Promise.all([
      startPostgres({ dataDir: join(folder, 'postgres') }),
      startRedis({ dataDir: join(folder, 'redis'), temporary: true }),
    ]);
    return new BenchEnvironment(folder, postgres, redis);
  }

  /** The environment variables of a service. Services log to a file, at the level of production. */
  env(overrides: Record<string, string> = {}): Record<string, string> {
    return {
      ROOST_ENV: 'test',
      ROOST_DATA_DIR: this.folder,
      BIND_HOST: '127.0.0.1',
      REDIS_URL: this.redis.url,
      JWKS_URL: this.jwksUrl,
      JWT_ISSUER: ISSUER,
      ENCRYPTION_KEY: 'encryption-key-of-this-benchmark-run',
      ...overrides,
    };
  }

  /** The headers of a signed-in user with a verified email address, valid for six hours. */
  signedIn(id: string = randomUUID()): { id: string; headers: Record<string, string> } {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, sub: id, sid: randomUUID(), roles: ['guest'], email_verified: true };
    const head = base64(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: KEY_ID }));
    const body = base64(JSON.stringify({ ...claims, auth_time: now, iat: now, exp: now + 6 * 3600 }));
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), this.key).toString('base64url');
    return { id, headers: { authorization: `Bearer ${head}.${body}.${signature}` } };
  }

  /** Starts a program of this repository and waits until `readyPath` responds on its port. */
  async run(
    file: string,
    env: Record<string, string>,
    options: { readyPath: string; node?: string[] },
  ): Promise<Service> {
    const port = await freePort();
    const log = join(this.folder, `${file.replaceAll(/[^\w]+/g, '-')}.log`);
    const child = spawn(
      process.execPath,
      [
        ...(options.node ?? []),
        '--conditions=@roost/source',
        '--import',
        new URL('tools/register.js', root).href,
        fileURLToPath(new URL(file, root)),
      ],
      {
        cwd: this.folder,
        env: { PATH: process.env.PATH ?? '', ...env, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.children.push(child);
    const out = createWriteStream(log);
    child.stdout.pipe(out);
    child.stderr.pipe(out);
    const url = `http://127.0.0.1:${port}`;
    for (const deadline = performance.now() + READY_TIMEOUT_MS; ; await pause(50)) {
      const response = await fetch(url + options.readyPath).catch(() => null);
      await response?.arrayBuffer();
      if (response?.ok) return { url, pid: child.pid ?? 0 };
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`${file} did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
      }
    }
  }

  /** Stops one program. */
  async stopService({ pid }: Service): Promise<void> {
    const child = this.children.find((candidate) => candidate.pid === pid);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }

  /** Runs a statement as the owner of the databases. */
  async sql<Row extends pg.QueryResultRow>(
    database: string,
    text: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    return await query<Row>(this.postgres.url(database), text, values);
  }

  /** Runs a statement as the superuser of PostgreSQL. */
  async sqlAsSuperuser(text: string): Promise<void> {
    const url = new URL(this.postgres.url('postgres'));
    url.username = 'postgres';
    url.password = readFileSync(join(this.folder, 'postgres', 'superuser.password'), 'utf8').trim();
    await query(url.href, text, []);
  }

  /** The process ids of the PostgreSQL backends that serve a database. */
  async backendPids(database: string): Promise<number[]> {
    const rows = await this.sql<{ pid: number }>(
      'postgres',
      `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
      [database],
    );
    return rows.map(({ pid }) => pid);
  }

  /** Waits until a query returns no rows. */
  async waitUntilEmpty(database: string, text: string): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while ((await this.sql(database, text)).length > 0) {
      if (performance.now() > deadline) throw new Error(`The query still returns rows: ${text}`);
      await pause(20);
    }
  }

  /** The statements that PostgreSQL executes during `work`, per connection, in order. */
  async statementsDuring(work: () => Promise<void>): Promise<string[][]> {
    const from = statSync(this.postgres.logFile).size;
    await this.sqlAsSuperuser("ALTER SYSTEM SET log_statement = 'all'");
    await this.sqlAsSuperuser('SELECT pg_reload_conf()');
    try {
      await work();
    } finally {
      await this.sqlAsSuperuser('ALTER SYSTEM RESET log_statement');
      await this.sqlAsSuperuser('SELECT pg_reload_conf()');
    }
    const log = readFileSync(this.postgres.logFile).subarray(from).toString();
    const statements = new Map<string, string[]>();
    // A continuation line starts with a tab.
    for (const line of log.split(/\n(?!\t)/)) {
      const [, pid = '', statement = ''] =
        /\[(\d+)\] \S+ LOG: {2}(?:statement|execute [^:]+): (.*)$/s.exec(line) ?? [];
      if (pid) statements.set(pid, [...(statements.get(pid) ?? []), statement]);
    }
    return [...statements.values()];
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => this.stopService({ url: '', pid: child.pid ?? 0 })));
    await Promise.all([this.postgres.stop(), this.redis.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

const base64 = (text: string, encoding: 'base64' | 'base64url' = 'base64url') =>
  Buffer.from(text).toString(encoding);
