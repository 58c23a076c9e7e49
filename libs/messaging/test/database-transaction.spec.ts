import pg from 'pg';
import { freshDatabase } from '@roost/testing';
import { DatabaseTransaction } from '../src/database-transaction.js';

let pool: pg.Pool;
/** The messages sent to the database. */
let sent: string[];

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase('transactions'), max: 1 });
  await pool.query('CREATE TABLE note (text text PRIMARY KEY)');
  const client = await pool.connect();
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) => {
    sent.push(String(args[0]));
    return query(...args);
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

describe('DatabaseTransaction', () => {
  test('sends BEGIN and the first statement in one message', async () => {
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

  test('returns the result of its first statement', async () => {
    expect(await run((transaction) => note(transaction, 'first'))).toEqual({
      rows: [{ text: 'first' }],
      numAffectedRows: 1n,
    });
  });

  test('sends BEGIN separately before a statement with parameters', async () => {
    await run((transaction) =>
      transaction.executeQuery({ sql: 'INSERT INTO note VALUES ($1)', parameters: ['a parameter'] }),
    );
    expect(sent[0]).toBe('start transaction isolation level repeatable read');
    expect(await notes()).toEqual(['a parameter']);
  });

  test('sends nothing to the database when the work has no statement', async () => {
    expect(await run(async () => 'done')).toBe('done');
    expect(sent).toEqual([]);
  });

  test('runs concurrent statements in their order', async () => {
    await run((transaction) =>
      Promise.all([
        note(transaction, 'a'),
        transaction.executeQuery({ sql: `UPDATE note SET text = 'b'`, parameters: [] }),
      ]),
    );
    expect(await notes()).toEqual(['b']);
  });

  test('rolls back when the work throws', async () => {
    await expect(
      run(async (transaction) => {
        await note(transaction, 'rolled back');
        throw new Error('No');
      }),
    ).rejects.toThrow('No');
    expect(await notes()).toEqual([]);
  });

  test('runs no statement after a failed first statement, even if the work ignores the error', async () => {
    const work = run(async (transaction) => {
      await expect(transaction.executeQuery({ sql: 'SELECT 1 / 0', parameters: [] })).rejects.toMatchObject({
        code: '22012',
      });
      await expect(note(transaction, 'outside')).rejects.toMatchObject({ code: '22012' });
    });
    await expect(work).rejects.toThrow('the transaction was rolled back');
    expect(await notes()).toEqual([]);
  });

  test('rejects statements after its end', async () => {
    let ended: DatabaseTransaction | undefined;
    await run(async (transaction) => {
      ended = transaction;
      await note(transaction, 'inside');
    });
    await expect(note(ended as DatabaseTransaction, 'outside')).rejects.toThrow('This transaction has ended');
    expect(await notes()).toEqual(['inside']);
  });

  test('returns its connection to the pool after a failure, unless the rollback fails', async () => {
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

  test('throws when PostgreSQL responds to COMMIT with ROLLBACK', async () => {
    const work = run(async (transaction) => {
      await note(transaction, 'lost');
      await transaction.executeQuery({ sql: 'SELECT 1 / 0', parameters: [] }).catch(() => undefined);
    });
    await expect(work).rejects.toThrow('the transaction was rolled back');
    expect(await notes()).toEqual([]);
  });
});
