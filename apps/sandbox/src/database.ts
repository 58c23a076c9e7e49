import pg from 'pg';
import { limitConnectionWait } from '@roost/platform';
import { createSchema } from './schema.queries.js';

const CONNECT_WITHIN_MS = 5_000;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8) return Number;
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  },
};

export class Database {
  private constructor(readonly pool: pg.Pool) {}

  static async open(url: string): Promise<Database> {
    await createIfMissing(url);
    const pool = new pg.Pool({
      connectionString: url,
      max: 10,
      types,
      statement_timeout: 10_000,
    });
    // A restart of the server closes idle connections. The pool opens new ones.
    pool.on('error', () => undefined);
    limitConnectionWait(pool, CONNECT_WITHIN_MS);
    const database = new Database(pool);
    await database.transaction(createSchema);
    return database;
  }

  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken = false;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => (broken = true));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Throws if the database is unreachable. */
  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

async function createIfMissing(url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const server = new URL(url);
  server.pathname = '/postgres';
  const pool = new pg.Pool({ connectionString: server.href, max: 1 });
  pool.on('error', () => undefined);
  limitConnectionWait(pool, CONNECT_WITHIN_MS);
  try {
    const existing = await pool.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (existing.rowCount === 0) await pool.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    // A concurrent start has created it.
    if (!(error instanceof pg.DatabaseError && (error.code === '42P04' || error.code === '23505')))
      throw error;
  } finally {
    await pool.end();
  }
}
