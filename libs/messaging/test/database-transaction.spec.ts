import pg from 'pg';
import { DatabaseTransaction } from '../src/database-transaction.js';
import { freshDatabase } from './fresh-database.js';

let pool: pg.Pool;
/** What was sent to the database, message by message. */
let sent: string[];

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase('transactions'), max: 1 });
  await pool.query('CREATE TABLE note (text text PRIMARY KEY)');
  const client = await pool.connect();
  const query = client.query.bind(client) as (...given: unknown[]) => unknown;
  client.query = ((...given: unknown[]) => {
    sent.push(String(given[0]));
    return query(...given);
  }) as typeof client.query;
  client.release();
});
beforeEach(async () => {
  sent = [];
  await pool.query('DELETE FROM note');
  sent = [];
});
afterAll(() => pool.end());

const notes = async () =>
  (await pool.query<{ text: string }>('SELECT text FROM note ORDER BY text')).rows.map(({ text }) => text);
const run = <T>(work: (transaction: DatabaseTransaction) => Promise<T>) =>
  DatabaseTransaction.run(pool, 'repeatable read', work);
const note = (transaction: DatabaseTransaction, text: string) =>
  transaction.executeQuery({ sql: `INSERT INTO note VALUES ('${text}') RETURNING text`, parameters: [] });

describe('A transaction', () => {
  test('begins with its first statement, in one message', async () => {
    const result = await run(async (transaction) => {
      await note(transaction, 'first');
      const { rows } = await transaction.executeQuery({ sql: 'SHOW transaction_isolation', parameters: [] });
      expect(rows).toEqual([{ transaction_isolation: 'repeatable read' }]);
      return note(transaction, 'second');
    });
    expect(result).toEqual({ rows: [{ text: 'second' }], numAffectedRows: 1n });
    expect(sent).toEqual([
      "start transaction isolation level repeatable read;INSERT INTO note VALUES ('first') RETURNING text",
      'SHOW transaction_isolation',
      "INSERT INTO note VALUES ('second') RETURNING text",
      'commit',
    ]);
  });

  test('gives what its first statement gave', async () => {
    expect(await run((transaction) => note(transaction, 'first'))).toEqual({
      rows: [{ text: 'first' }],
      numAffectedRows: 1n,
    });
  });

  test('begins before a statement with values apart from its text', async () => {
    await run((transaction) =>
      transaction.executeQuery({ sql: 'INSERT INTO note VALUES ($1)', parameters: ['apart'] }),
    );
    expect(sent[0]).toBe('start transaction isolation level repeatable read');
    expect(await notes()).toEqual(['apart']);
  });

  test('of no statement asks the database nothing', async () => {
    expect(await run(async () => 'done')).toBe('done');
    expect(sent).toEqual([]);
  });

  test('keeps statements that are given side by side in their order', async () => {
    await run((transaction) =>
      Promise.all([
        note(transaction, 'a'),
        transaction.executeQuery({ sql: `UPDATE note SET text = 'b'`, parameters: [] }),
      ]),
    );
    expect(await notes()).toEqual(['b']);
  });

  test('whose work throws leaves nothing', async () => {
    await expect(
      run(async (transaction) => {
        await note(transaction, 'gone');
        throw new Error('No');
      }),
    ).rejects.toThrow('No');
    expect(await notes()).toEqual([]);
  });

  test('runs nothing more once its first statement has failed, whoever overlooks that', async () => {
    const work = run(async (transaction) => {
      await expect(transaction.executeQuery({ sql: 'SELECT 1 / 0', parameters: [] })).rejects.toMatchObject({
        code: '22012',
      });
      await expect(note(transaction, 'outside')).rejects.toMatchObject({ code: '22012' });
    });
    await expect(work).rejects.toThrow('nothing was kept');
    expect(await notes()).toEqual([]);
  });

  test('refuses work that outlives it', async () => {
    let kept: DatabaseTransaction | undefined;
    await run(async (transaction) => {
      kept = transaction;
      await note(transaction, 'inside');
    });
    await expect(note(kept as DatabaseTransaction, 'outside')).rejects.toThrow('This transaction has ended');
    expect(await notes()).toEqual(['inside']);
  });

  test('gives its connection back when it failed, and not when it could not be rolled back', async () => {
    const pid = async () =>
      (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
    const first = await pid();
    await expect(
      run((transaction) => transaction.executeQuery({ sql: 'SELECT 1 / 0', parameters: [] })),
    ).rejects.toMatchObject({ code: '22012' });
    expect(await pid()).toBe(first);
    const client = await pool.connect();
    client.on('error', () => undefined);
    client.release();
    await expect(
      run((transaction) =>
        transaction.executeQuery({ sql: 'SELECT pg_terminate_backend(pg_backend_pid())', parameters: [] }),
      ),
    ).rejects.toMatchObject({ code: '57P01' });
    expect(await pid()).not.toBe(first);
  });

  test('never commits in silence what PostgreSQL has rolled back', async () => {
    const work = run(async (transaction) => {
      await note(transaction, 'lost');
      await transaction.executeQuery({ sql: 'SELECT 1 / 0', parameters: [] }).catch(() => undefined);
    });
    await expect(work).rejects.toThrow('nothing was kept');
    expect(await notes()).toEqual([]);
  });
});
