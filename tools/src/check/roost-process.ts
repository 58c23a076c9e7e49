import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservePort } from '@roost/testing';
import pg from 'pg';
import type { Database } from './difference.js';
import { nodeArguments, RunningRoost } from './running-roost.js';

/** Roost as `npm start` runs it, with its own data folder, ports and signing key. The key signs tokens of any user. */
export class RoostProcess extends RunningRoost {
  private readonly pools = new Map<Database, pg.Pool>();

  private constructor(
    url: string,
    private readonly folder: string,
    private readonly postgresPort: number,
    signingKey: { key: KeyObject; id: string },
    private readonly terminate: () => Promise<void>,
  ) {
    super(url, signingKey);
  }

  static async start(env: Record<string, string> = {}): Promise<RoostProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'roost-check-'));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const port = async () => String(await reservePort());
    const address = async () => `http://127.0.0.1:${await port()}`;
    const gatewayPort = await port();
    const postgresPort = await port();
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(ROOST_|PORT$|LOG_LEVEL$|.*_URL$)/.test(name)),
    );
    const child = spawn(process.execPath, nodeArguments('apps/standalone/src/main.ts'), {
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
    let output = '';
    const closed = once(child, 'close');
    const ready = new Promise<void>((resolve, reject) => {
      const append = (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Roost is ready')) resolve();
      };
      child.stdout.on('data', append);
      child.stderr.on('data', append);
      void closed.then(() => reject(new Error(`Roost ended:\n${output}`)));
    });
    await ready;
    const url = `http://127.0.0.1:${gatewayPort}`;
    const terminate = async () => {
      if (child.exitCode === null) child.kill('SIGINT');
      await closed;
    };
    const signingKey = { key: privateKey, id: await RunningRoost.idOfKey(privateKey, url) };
    const roost = new RoostProcess(url, folder, Number(postgresPort), signingKey, terminate);
    await roost.disableFsync();
    return roost;
  }

  /** The data is deleted with the process: waiting for the disk at each commit and checkpoint has no use. */
  private async disableFsync(): Promise<void> {
    const password = this.readPassword('superuser');
    const connectionString = `postgresql://postgres:${password}@127.0.0.1:${this.postgresPort}/postgres`;
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      await client.query('ALTER SYSTEM SET fsync = off');
      await client.query('ALTER SYSTEM SET synchronous_commit = off');
      await client.query('SELECT pg_reload_conf()');
    } finally {
      await client.end();
    }
  }

  private readPassword(user: 'role' | 'superuser'): string {
    return readFileSync(join(this.folder, `data/postgres/${user}.password`), 'utf8').trim();
  }

  databaseUrl(database: Database): string {
    const password = this.readPassword('role');
    return `postgresql://roost:${password}@127.0.0.1:${this.postgresPort}/roost_${database}`;
  }

  async query<Row extends object>(database: Database, sql: string): Promise<Row[]> {
    const pool =
      this.pools.get(database) ?? new pg.Pool({ connectionString: this.databaseUrl(database), max: 2 });
    this.pools.set(database, pool);
    return (await pool.query(sql)).rows as Row[];
  }

  /** The log of PostgreSQL since the start. */
  get postgresLog(): string {
    return readFileSync(join(this.folder, 'data/postgres/postgres.log'), 'utf8');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
    await this.terminate();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
