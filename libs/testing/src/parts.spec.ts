import { Redis } from 'ioredis';
import pg from 'pg';
import { eventually } from './eventually.js';
import { dropUnusedDatabases, freshDatabase, freshRedis } from './parts.js';

describe('the servers of a test run', () => {
  test('a fresh database of PostgreSQL 18 is empty and has a unique name', async () => {
    const [one, other] = await Promise.all([freshDatabase('parts'), freshDatabase('parts')]);
    expect(one).not.toBe(other);
    const client = new pg.Client({ connectionString: one });
    await client.connect();
    const { rows } = await client.query<{ version: string; tables: string; superuser: string }>(
      `SELECT current_setting('server_version') AS version, current_setting('is_superuser') AS superuser,
              (SELECT count(*) FROM pg_tables WHERE schemaname = 'public') AS tables`,
    );
    await client.query('CREATE EXTENSION btree_gist');
    await client.end();
    expect(rows).toEqual([
      { version: expect.stringMatching(/^18\./) as string, superuser: 'off', tables: '0' },
    ]);
  });

  test('the databases of a spec are dropped when they have no connections', async () => {
    const [one, other] = await Promise.all([freshDatabase('parts'), freshDatabase('parts')]);
    const client = new pg.Client({ connectionString: one });
    await client.connect();
    const kept = async () => {
      await dropUnusedDatabases();
      const names = [one, other].map((url) => new URL(url).pathname.slice(1));
      const { rows } = await client.query('SELECT FROM pg_database WHERE datname = ANY($1)', [names]);
      return rows.length;
    };
    await eventually(async () => expect(await kept()).toBe(1));
    await client.end();
    await eventually(async () => {
      await dropUnusedDatabases();
      await expect(new pg.Client({ connectionString: one }).connect()).rejects.toThrow('does not exist');
    });
  });

  test('a fresh Redis has no keys of another one', async () => {
    const [one, other] = (await Promise.all([freshRedis(), freshRedis()])).map((url) => new Redis(url)) as [
      Redis,
      Redis,
    ];
    await one.set('key', 'mine');
    expect(await other.get('key')).toBeNull();
    expect(await one.get('key')).toBe('mine');
    one.disconnect();
    other.disconnect();
  });
});
