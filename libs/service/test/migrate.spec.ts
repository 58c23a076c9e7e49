import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Migration } from '@mikro-orm/migrations';
import { type MigrationClass } from '@roost/platform';
import {
  eventually,
  freshDatabase,
  freshRedis,
  freshRole,
  sourceOptions,
  testJwksUrl,
  testUser,
} from '@roost/testing';
import pg from 'pg';
import { defineService, startService } from '@roost/service';
import { migrateService } from '../src/migrate.js';
import { notes } from './notes/src/service.js';

let owner: string;
const pools: pg.Pool[] = [];

beforeEach(async () => {
  owner = await freshDatabase('roost_notes');
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});

class Migration0002Title extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE note ADD COLUMN title text');
  }
}
class Migration0003Broken extends Migration {
  override up(): void {
    this.addSql('CREATE TABLE half (id int)');
    this.addSql('ALTER TABLE absent ADD COLUMN title text');
  }
}

const withMigrations = (...more: MigrationClass[]) =>
  defineService({ ...notes, migrations: [...notes.migrations, ...more] });

async function migrate(definition = notes, env: Record<string, string> = {}): Promise<string[]> {
  const lines: string[] = [];
  await migrateService(definition, { DATABASE_URL: owner, ...env }, (line) => lines.push(line));
  return lines;
}

/** Runs statements over one connection each. */
function sqlOf(url: string) {
  const pool = new pg.Pool({ connectionString: url });
  pools.push(pool);
  return async <R extends pg.QueryResultRow>(statement: string): Promise<R[]> =>
    (await pool.query<R>(statement)).rows;
}

async function start(url: string, definition = notes) {
  return await startService(definition, {
    env: {
      ROOST_ENV: 'test',
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: url,
      DATABASE_MIGRATIONS: 'require',
      REDIS_URL: await freshRedis(),
      JWKS_URL: testJwksUrl(),
    },
  });
}

describe('migrate', () => {
  test('creates the database and the tables, and has nothing to do the second time', async () => {
    const missing = new URL(owner);
    missing.pathname += '_new';
    expect(await migrate(notes, { DATABASE_URL: missing.href })).toEqual([
      'notes: applied Migration0000Platform',
      'notes: applied Migration0000Messaging',
      'notes: applied Migration0001Note',
      'notes: the tables are up to date',
    ]);
    expect(await migrate(notes, { DATABASE_URL: missing.href })).toEqual([
      'notes: the tables are up to date',
    ]);
  });

  test('runs in several jobs at once', async () => {
    const lines = await Promise.all(Array.from({ length: 4 }, () => migrate()));
    expect(lines.flat().filter((line) => line.includes('applied'))).toHaveLength(3);
  });

  test('keeps the migrations before one that fails, and nothing of that one', async () => {
    const broken = withMigrations(Migration0002Title, Migration0003Broken);
    await expect(migrate(broken)).rejects.toThrow(
      'Migration0003Broken of notes failed and was rolled back: relation "absent" does not exist.',
    );
    const sql = sqlOf(owner);
    expect(await sql(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
    expect(await migrate(withMigrations(Migration0002Title))).toEqual(['notes: the tables are up to date']);
  });

  test('fails while a table is in use, after which the running version continues', async () => {
    await migrate();
    const reader = new pg.Client({ connectionString: owner });
    await reader.connect();
    await reader.query('BEGIN; SELECT FROM note');
    await expect(migrate(withMigrations(Migration0002Title))).rejects.toThrow(
      'Migration0002Title of notes failed and was rolled back: a table was in use for 5 seconds; try again.',
    );
    expect(await sqlOf(owner)('SELECT count(*)::int AS notes FROM note')).toEqual([{ notes: 0 }]);
    await reader.end();
    expect(await migrate(withMigrations(Migration0002Title))).toContain('notes: applied Migration0002Title');
  }, 30_000);

  test.each([
    [{ DATABASE_ROLE: 'nobody_here' }, 'The role nobody_here in DATABASE_ROLE of notes does not exist'],
    [{ DATABASE_ROLE: 'roost' }, 'DATABASE_ROLE of notes is roost, the owner in DATABASE_URL'],
    [{ DATABASE_ROLE: 'a; b' }, 'DATABASE_ROLE is "a; b": it must be the name'],
    [{ DATABASE_URL: '' }, 'DATABASE_URL is missing'],
    [{ DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x' }, "notes can't reach PostgreSQL at 127.0.0.1:1"],
  ])('rejects %j', async (env, sentence) => {
    await expect(migrate(notes, env)).rejects.toThrow(sentence);
  });

  test('rejects a service without a database', async () => {
    await expect(migrate(defineService({ ...notes, database: false }))).rejects.toThrow(
      'notes has no database: there is nothing to migrate.',
    );
  });
});

describe('the role of the running service', () => {
  test('reads and writes data, and changes no table', async () => {
    const role = await freshRole('roost_notes');
    expect(await migrate(notes, { DATABASE_ROLE: role.name })).toContain(
      `notes: ${role.name} can read and write the data`,
    );
    const url = role.urlOf(owner);
    const running = await start(url);
    const written = await fetch(`${running.url}/v1/notes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testUser().token}`, 'content-type': 'application/json' },
      body: '{"text":"a"}',
    });
    expect(written.status).toBe(201);
    await running.close();

    const sql = sqlOf(url);
    for (const statement of [
      'CREATE TABLE intruder (id int)',
      'DROP TABLE note',
      'ALTER TABLE note ADD COLUMN intruder int',
      'CREATE INDEX intruder ON note (text)',
      'TRUNCATE note',
      'CREATE SCHEMA intruder',
      'CREATE EXTENSION btree_gist',
      "INSERT INTO schema_migration (name) VALUES ('intruder')",
      'DELETE FROM schema_migration',
    ])
      await expect(sql(statement)).rejects.toMatchObject({ code: '42501' });
  });

  test('has access to the tables of later migrations', async () => {
    const role = await freshRole('roost_notes');
    await migrate(notes, { DATABASE_ROLE: role.name });
    class Migration0002Tag extends Migration {
      override up(): void {
        this.addSql('CREATE TABLE tag (id bigserial PRIMARY KEY, name text)');
      }
    }
    await migrate(withMigrations(Migration0002Tag));
    expect(await sqlOf(role.urlOf(owner))("INSERT INTO tag (name) VALUES ('a') RETURNING name")).toEqual([
      { name: 'a' },
    ]);
  });
});

describe('DATABASE_MIGRATIONS=require', () => {
  test('rejects a database with pending migrations', async () => {
    await migrate();
    const later = withMigrations(Migration0002Title, Migration0003Broken);
    await expect(start(owner, later)).rejects.toThrow(
      'The database of notes has 2 pending migrations (Migration0002Title, Migration0003Broken): run `migrate` with this version first.',
    );
  });

  test('rejects an empty database and leaves it empty', async () => {
    await expect(start(owner)).rejects.toThrow('The database of notes has 3 pending migrations');
    expect(await sqlOf(owner)(`SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  });

  test('accepts the database of a later version', async () => {
    await migrate(withMigrations(Migration0002Title));
    await (await start(owner)).close();
  });

  test('rejects a missing database and does not create it', async () => {
    const missing = new URL(owner);
    missing.pathname += '_missing';
    await expect(start(missing.href)).rejects.toThrow(
      /^The database roost_notes_\w+_missing of notes is missing at PostgreSQL at .*: create it, then run `migrate`\.$/,
    );
    await expect(start(missing.href)).rejects.toThrow('is missing');
  });

  test('rejects a role without access', async () => {
    await migrate();
    const role = await freshRole('roost_notes');
    await expect(start(role.urlOf(owner))).rejects.toThrow(
      'The role in DATABASE_URL of notes may not read the tables: run `migrate` with DATABASE_ROLE set to this role.',
    );
  });
});

describe('the program', () => {
  const program = fileURLToPath(new URL('notes/src/main.ts', import.meta.url));

  /** Runs the program until it ends. */
  const run = (args: string[], env: Record<string, string> = {}) =>
    new Promise<{ code: number | null; out: string; error: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        [...sourceOptions, program, ...args],
        { env: { PATH: process.env.PATH ?? '', ...env } },
        (_, out, error) => resolve({ code: child.exitCode, out, error }),
      );
    });

  test('migrates with the URL of the database alone', async () => {
    const { code, out, error } = await run(['migrate'], { DATABASE_URL: owner, ROOST_ENV: 'production' });
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out.trim().split('\n').at(-1)).toBe('notes: the tables are up to date');
  });

  test('prints its usage', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('main.js migrate');
  });

  test('rejects other arguments', async () => {
    const args = ['migrate', 'now'];
    expect(await run(args)).toEqual({
      code: 1,
      out: '',
      error: `notes does not know the arguments "${args.join(' ')}": --help lists them.\n`,
    });
  });

  test('a signal during the start stops the service', async () => {
    const blocker = new pg.Client({ connectionString: owner });
    await blocker.connect();
    await blocker.query("SELECT pg_advisory_lock(hashtext('roost migrations'))");
    const child = execFile(process.execPath, [...sourceOptions, program], {
      env: {
        PATH: process.env.PATH ?? '',
        PORT: '0',
        DATABASE_URL: owner,
        REDIS_URL: await freshRedis(),
        JWKS_URL: testJwksUrl(),
      },
    });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    await eventually(async () =>
      expect(
        (await blocker.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).rowCount,
      ).toBe(1),
    );
    child.kill('SIGTERM');
    await blocker.end();
    expect(await ended).toEqual({ code: 0, signal: null });
  }, 60_000);
});
