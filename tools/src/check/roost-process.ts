import { spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { reservePort, TestClient } from '@roost/testing';
import pg from 'pg';
import type { Database } from './difference.js';

const root = new URL('../../../', import.meta.url);
const program = (file: string): string[] => [
  '--conditions=@roost/source',
  '--import',
  new URL('tools/register.js', root).href,
  fileURLToPath(new URL(file, root)),
];

/** Roost as `npm start` runs it, on a folder and ports of its own, and with a key that lets a test speak as anybody. */
export class Roost {
  private readonly pools = new Map<Database, pg.Pool>();

  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly postgresPort: number,
    private readonly key: KeyObject,
    private readonly keyId: string,
    private readonly end: () => Promise<number | null>,
    readonly said: () => string,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<Roost> {
    const folder = mkdtempSync(join(tmpdir(), 'roost-check-'));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const port = async () => String(await reservePort());
    const address = async () => `http://127.0.0.1:${await port()}`;
    const gatewayPort = await port();
    const postgresPort = await port();
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(ROOST_|PORT$|LOG_LEVEL$|.*_URL$)/.test(name)),
    );
    const child = spawn(process.execPath, program('apps/standalone/src/main.ts'), {
      env: {
        ...inherited,
        ROOST_DATA_DIR: join(folder, 'data'),
        ROOST_DEMO: 'off',
        LOG_LEVEL: 'warn',
        RATE_LIMIT_PER_MINUTE: '0',
        JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        PORT: gatewayPort,
        METRICS_PORT: await port(),
        POSTGRES_PORT: postgresPort,
        REDIS_PORT: await port(),
        IDENTITY_URL: await address(),
        LISTINGS_URL: await address(),
        BOOKINGS_URL: await address(),
        PAYMENTS_URL: await address(),
        REVIEWS_URL: await address(),
        SANDBOX_URL: await address(),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const over = once(child, 'close');
    const ready = new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Roost is ready')) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      void over.then(() => reject(new Error(`Roost ended:\n${said}`)));
    });
    await ready;
    const url = `http://127.0.0.1:${gatewayPort}`;
    const jwks = await new TestClient(url).get<{ keys: { kid: string; n: string }[] }>(
      '/.well-known/jwks.json',
    );
    const { n } = createPublicKey(privateKey).export({ format: 'jwk' });
    const kid = jwks.body.keys.find((published) => published.n === n)?.kid;
    if (!kid) throw new Error('identity does not publish the key that it was given');
    const end = async () => {
      if (child.exitCode === null) child.kill('SIGINT');
      await over;
      return child.exitCode;
    };
    return new Roost(url, folder, Number(postgresPort), privateKey, kid, end, () => said);
  }

  /** Somebody with a verified mail, signed in for as long as it takes. */
  as(id: string, roles: string[] = []): TestClient {
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = part({ alg: 'RS256', typ: 'JWT', kid: this.keyId });
    const body = part({
      iss: 'roost',
      sub: id,
      sid: randomUUID(),
      roles: ['guest', ...roles],
      email_verified: true,
      auth_time: now,
      iat: now,
      exp: now + 3 * 3600,
    });
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), this.key).toString('base64url');
    return new TestClient(this.url, { authorization: `Bearer ${head}.${body}.${signature}` });
  }

  get anyone(): TestClient {
    return new TestClient(this.url);
  }

  /** The import as an operator gives it; fails unless it ends well. */
  async import(...options: string[]): Promise<void> {
    const child = spawn(
      process.execPath,
      [...program('tools/src/import/main.ts'), 'inside-airbnb', ...options, '--url', this.url],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [out, error, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    if (code !== 0) throw new Error(`The import ended with ${code}:\n${out}${error}`);
  }

  databaseUrl(database: Database): string {
    const password = readFileSync(join(this.folder, 'data/postgres/role.password'), 'utf8').trim();
    return `postgresql://roost:${password}@127.0.0.1:${this.postgresPort}/roost_${database}`;
  }

  query = async <Row extends object>(database: Database, sql: string): Promise<Row[]> => {
    const pool =
      this.pools.get(database) ?? new pg.Pool({ connectionString: this.databaseUrl(database), max: 2 });
    this.pools.set(database, pool);
    return (await pool.query(sql)).rows as Row[];
  };

  /** PostgreSQL's own words since the start. */
  get postgresLog(): string {
    return readFileSync(join(this.folder, 'data/postgres/postgres.log'), 'utf8');
  }

  /** Moves domain time and does what comes due by it; gives the new one. `'PT0S'` only asks. */
  async advance(duration: string): Promise<Date> {
    const { body } = await this.anyone.post<{ now: string }>('/dev/clock', { advance: duration });
    return new Date(body.now);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
    await this.end();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
