import { sql } from '@mikro-orm/postgresql';
import { randomUUID } from 'node:crypto';
import { freshDatabase } from '@roost/testing';
import { EmbeddedBus, RetryTransaction } from '../src/index.js';
import { aMessage, aRating } from './fixtures.js';
import { aGate, startNode, type Node } from './node.js';

describe('Transactions.run', () => {
  let node: Node;
  beforeAll(async () => {
    node = await startNode({
      service: 'bookings',
      url: await freshDatabase('bookings'),
      bus: new EmbeddedBus(),
    });
  });
  afterAll(() => node.close());

  test('retries after a lost race and calls afterCommit once', async () => {
    let tries = 0;
    const committed: number[] = [];
    await node.transactions.run(async (em) => {
      tries += 1;
      const currentTry = tries;
      node.transactions.afterCommit(() => committed.push(currentTry));
      await em.execute(sql`INSERT INTO scratch (note) VALUES (${`try ${tries}`})`);
      if (tries < 3) throw new RetryTransaction('a concurrent insert was faster');
    });
    expect(committed).toEqual([3]);
    expect(await node.sql('SELECT note FROM scratch')).toEqual([{ note: 'try 3' }]);
  });

  test('throws the error after ten tries', async () => {
    let tries = 0;
    await expect(
      node.transactions.run(async () => {
        tries += 1;
        throw new RetryTransaction('always');
      }),
    ).rejects.toThrow('always');
    expect(tries).toBe(10);
  });

  test('joins the surrounding transaction', async () => {
    const [inner, outer] = await node.transactions.run(async (em) => {
      const id = async (of: typeof em) =>
        (await of.execute<{ xid: string }[]>('SELECT pg_current_xact_id()::text AS xid'))[0]?.xid;
      return [await node.transactions.run(id), await id(em)];
    });
    expect(inner).toBe(outer);
  });

  test('does not join a transaction that has ended', async () => {
    const gate = aGate();
    let late: Promise<unknown> = Promise.resolve();
    await node.transactions.run(async () => {
      late = gate.passed.then(() => node.transactions.run((em) => em.execute('SELECT 1 AS one')));
    });
    gate.open();
    expect(await late).toEqual([{ one: 1 }]);
  });

  test('succeeds when an afterCommit callback throws', async () => {
    const called: string[] = [];
    await node.transactions.run(async (em) => {
      await em.execute(`INSERT INTO scratch (note) VALUES ('committed')`);
      node.transactions.afterCommit(() => {
        throw new Error('no');
      });
      node.transactions.afterCommit(() => called.push('second'));
    });
    expect(called).toEqual(['second']);
    expect(await node.sql(`SELECT 1 FROM scratch WHERE note = 'committed'`)).toHaveLength(1);
  });

  test('rejects a state event without a version', async () => {
    await expect(
      node.transactions.run((em) => node.outbox.add(em, 'rating.changed', aRating(randomUUID(), 1))),
    ).rejects.toThrow('version');
  });

  test('removes fields that the contract does not name', async () => {
    const body = { ...aMessage(randomUUID()), text: 'call me on 555' };
    await node.transactions.run((em) => node.outbox.add(em, 'message.sent', body));
    const [row] = await node.sql<{ body: object }>('SELECT body FROM outbox_event WHERE key = ?', [
      body.threadId,
    ]);
    expect(row?.body).not.toHaveProperty('text');
  });

  test('rejects afterCommit outside of a transaction', () => {
    expect(() => node.transactions.afterCommit(() => undefined)).toThrow('inside Transactions.run');
  });
});
