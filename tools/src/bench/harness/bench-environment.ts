import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

/** A statement from the log of PostgreSQL. */
export interface LoggedStatement {
  /** Empty unless the statement is prepared by name. */
  name: string;
  text: string;
  values: (string | null)[];
}

/** Reads the log of statements. */
export interface StatementLog {
  position(): number;
  /** The statements since a position that contain a word. Later statements are not in it. */
  since(position: number, word: string): Promise<LoggedStatement[]>;
}

/** PostgreSQL, Redis and programs of this repository, each in its own process, in a temporary folder. */
export class BenchEnvironment {
  private readonly children: ChildProcess[] = [];
  private readonly key: KeyObject;
  private readonly jwksUrl: string;

  private constructor(
    readonly folder: string,
    readonly postgres: EmbeddedPostgres,
    private readonly redis: Awaited<ReturnType<typeof startRedis>>,
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.key = privateKey;
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' };
    this.jwksUrl = `data:application/json;base64,${base64(JSON.stringify({ keys: [jwk] }), 'base64')}`;
  }

  /** With `postgresDir`, the databases stay in that folder for the next run. */
  static async start({ postgresDir }: { postgresDir?: string | undefined } = {}): Promise<BenchEnvironment> {
    const folder = mkdtempSync(join(tmpdir(), 'roost-bench-'));
    const [postgres, redis] = await Promise.all([
      startPostgres({ dataDir: postgresDir ?? join(folder, 'postgres') }),
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

  /** Creates a database unless it exists. */
  async ensureDatabase(name: string): Promise<void> {
    const existing = await this.sql('postgres', 'SELECT FROM pg_database WHERE datname = $1', [name]);
    if (existing.length === 0) await this.sql('postgres', `CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  }

  /** Runs a statement as the superuser of PostgreSQL. */
  async sqlAsSuperuser(text: string): Promise<void> {
    const url = new URL(this.postgres.url('postgres'));
    url.username = 'postgres';
    url.password = readFileSync(join(dirname(this.postgres.logFile), 'superuser.password'), 'utf8').trim();
    await query(url.href, text, []);
  }

  /** The process ids of the PostgreSQL backends that serve a database, or one application in it. */
  async backendPids(database: string, application: string | null = null): Promise<number[]> {
    const rows = await this.sql<{ pid: number }>(
      'postgres',
      `SELECT pid FROM pg_stat_activity
        WHERE datname = $1 AND backend_type = 'client backend' AND application_name = coalesce($2, application_name)`,
      [database, application],
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

  /** Lets PostgreSQL log all statements during `work`. */
  private async logStatements<T>(work: () => Promise<T>): Promise<T> {
    await this.sqlAsSuperuser("ALTER SYSTEM SET log_statement = 'all'");
    await this.sqlAsSuperuser('SELECT pg_reload_conf()');
    try {
      return await work();
    } finally {
      await this.sqlAsSuperuser('ALTER SYSTEM RESET log_statement');
      await this.sqlAsSuperuser('SELECT pg_reload_conf()');
    }
  }

  /** Lets the log contain the values of prepared statements, for connections that are opened afterwards. */
  async logParameters(): Promise<void> {
    const role = new URL(this.postgres.url('postgres')).username;
    await this.sqlAsSuperuser(`ALTER ROLE ${pg.escapeIdentifier(role)} SET log_error_verbosity = 'default'`);
  }

  /** Reads the log of statements during `work`, which must await each request before it reads. */
  async withStatementLog(work: (log: StatementLog) => Promise<void>): Promise<void> {
    const file = this.postgres.logFile;
    const read = (position: number) => readFileSync(file).subarray(position).toString();
    await this.logStatements(async () => {
      // The backends apply the setting with a delay.
      for (let round = 0; round < 2; round += 1) await pause(500);
      await work({
        position: () => statSync(file).size,
        since: async (position, word) =>
          loggedStatements(read(position)).filter(({ text }) => text.includes(word)),
      });
    });
  }

  /** The statements that PostgreSQL executes during `work`, per connection, in order. */
  async statementsDuring(work: () => Promise<void>): Promise<string[][]> {
    const from = statSync(this.postgres.logFile).size;
    await this.logStatements(work);
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

/** The statements with their values, in the order of the log. A continuation line starts with a tab. */
function loggedStatements(log: string): LoggedStatement[] {
  const statements: LoggedStatement[] = [];
  for (const entry of log.split(/\n(?!\t)/)) {
    const line = entry.replaceAll('\n\t', '\n');
    const [, name, text] = /LOG: {2}(?:statement|execute ([^:]+)): (.*)$/s.exec(line) ?? [];
    if (text !== undefined)
      statements.push({ name: name === undefined || name === '<unnamed>' ? '' : name, text, values: [] });
    const [, parameters] = /DETAIL: {2}Parameters: (.*)$/s.exec(line) ?? [];
    const values = [...(parameters ?? '').matchAll(/\$\d+ = (?:(NULL)|'((?:[^']|'')*)')/g)];
    if (values.length > 0)
      statements
        .at(-1)
        ?.values.push(
          ...values.map(([, absent, value = '']) =>
            absent === undefined ? value.replaceAll("''", "'") : null,
          ),
        );
  }
  return statements;
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
