import { randomUUID } from 'node:crypto';
import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { eventually, freshDatabase } from '@roost/testing';
import { EmbeddedBus } from '../src/index.js';
import { MessageConsumer, RatingMirror, resetScript } from './consumers.js';
import { aMessage, aRating } from './fixtures.js';
import { aGate, startNode, type Node } from './node.js';

describe('the order of events', () => {
  let reviews: Node;
  let listings: Node;

  beforeAll(async () => {
    resetScript();
    const bus = new EmbeddedBus();
    reviews = await startNode({ service: 'reviews', url: await freshDatabase('reviews'), bus });
    listings = await startNode({
      service: 'listings',
      url: await freshDatabase('listings'),
      bus,
      controllers: [MessageConsumer, RatingMirror],
    });
  });
  afterAll(async () => {
    await listings.close();
    await reviews.close();
  });

  /** A writer as every service has it: loads the aggregate, writes the next version and publishes it. */
  async function bump(em: EntityManager, id: string): Promise<void> {
    const [row] = await em.execute<{ version: number }[]>(
      sql`UPDATE aggregate SET version = version + 1 WHERE id = ${id} RETURNING version::int AS version`,
    );
    const version = row?.version ?? 0;
    await reviews.outbox.add(em, 'rating.changed', aRating(id, version), { version });
  }

  /** A takes its transaction id, B updates and commits, then A updates. */
  async function interleave(id: string, isolation: 'read committed' | 'repeatable read'): Promise<number> {
    await reviews.sql('INSERT INTO aggregate (id, version) VALUES (?, 4)', [id]);
    let tries = 0;
    await reviews.transactions.run(
      async (em) => {
        tries += 1;
        await em.execute(`INSERT INTO scratch (note) VALUES ('takes the transaction id')`);
        if (tries === 1) await reviews.transactions.begin((other) => bump(other, id), { isolation });
        await bump(em, id);
      },
      { isolation },
    );
    return tries;
  }

  const relayed = async (id: string): Promise<number[]> =>
    (
      await reviews.sql<{ version: number }>(
        'SELECT aggregate_version::int AS version FROM outbox_event WHERE key = ? ORDER BY xid, id',
        [id],
      )
    ).map(({ version }) => version);

  test('follows the versions even if the transaction with the lower id commits last', async () => {
    const id = randomUUID();
    expect(await interleave(id, 'repeatable read')).toBe(2);
    expect(await relayed(id)).toEqual([5, 6]);
    await eventually(async () =>
      expect(await listings.sql('SELECT version::int, count FROM mirror WHERE key = ?', [id])).toEqual([
        { version: 6, count: 6 },
      ]),
    );
  });

  test('would be wrong in READ COMMITTED, whose snapshot may be newer than the transaction id', async () => {
    const id = randomUUID();
    expect(await interleave(id, 'read committed')).toBe(1);
    expect(await relayed(id)).toEqual([6, 5]);
  });

  test('holds events back until the oldest running transaction ends', async () => {
    const [first, second] = [aMessage(randomUUID()), aMessage(randomUUID())];
    const effects = () =>
      listings.sql('SELECT note FROM effect WHERE key IN (?, ?) ORDER BY at', [
        first.threadId,
        second.threadId,
      ]);
    const gate = aGate();
    const opened = aGate();
    const older = reviews.transactions.run(async (em) => {
      await reviews.outbox.add(em, 'message.sent', first);
      opened.open();
      await gate.passed;
    });
    await opened.passed;
    await reviews.transactions.run((em) => reviews.outbox.add(em, 'message.sent', second));
    expect(await reviews.sql('SELECT 1 FROM outbox_event WHERE key = ?', [second.threadId])).toHaveLength(1);
    expect(await effects()).toEqual([]);
    gate.open();
    await older;
    await eventually(async () => expect(await effects()).toHaveLength(2));
  });

  test('does not depend on transactions in other databases of the server', async () => {
    const message = aMessage(randomUUID());
    const gate = aGate();
    const opened = aGate();
    const elsewhere = listings.transactions.run(async (em) => {
      await em.execute(`INSERT INTO scratch (note) VALUES ('takes the older transaction id')`);
      opened.open();
      await gate.passed;
    });
    await opened.passed;
    try {
      await reviews.transactions.run((em) => reviews.outbox.add(em, 'message.sent', message));
      await eventually(async () =>
        expect(await listings.sql('SELECT 1 FROM effect WHERE key = ?', [message.threadId])).toHaveLength(1),
      );
    } finally {
      gate.open();
      await elsewhere;
    }
  });

  test('holds per key without losses with eight concurrent writers', async () => {
    const ids = Array.from({ length: 10 }, () => randomUUID());
    for (const id of ids) await reviews.sql('INSERT INTO aggregate (id, version) VALUES (?, 0)', [id]);
    const threads = ids.map((id) => ({ id, sent: [] as string[] }));
    const rounds = 25;
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let round = 0; round < rounds; round += 1) {
          const thread = threads[(writer * 7 + round * 3) % threads.length];
          if (!thread) continue;
          await reviews.transactions.run(async (em) => {
            await bump(em, thread.id);
            const [row] = await em.execute<{ version: string }[]>(
              sql`SELECT version::text AS version FROM aggregate WHERE id = ${thread.id}`,
            );
            const serial = String(row?.version).padStart(12, '0');
            await reviews.outbox.add(
              em,
              'message.sent',
              aMessage(thread.id, `00000000-0000-7000-8000-${serial}`),
            );
          });
        }
      }),
    );
    const written = await reviews.sql<{ id: string; version: number }>(
      'SELECT id, version::int AS version FROM aggregate WHERE id IN (?)',
      [ids],
    );
    expect(written.reduce((sum, { version }) => sum + version, 0)).toBe(8 * rounds);
    await eventually(
      async () => {
        for (const { id, version } of written) {
          const notes = await listings.sql<{ note: string }>(
            'SELECT note FROM effect WHERE key = ? ORDER BY at',
            [id],
          );
          expect(notes.map(({ note }) => Number(note.slice(-12)))).toEqual(
            Array.from({ length: version }, (_, index) => index + 1),
          );
          if (version > 0) {
            expect(await listings.sql('SELECT version::int FROM mirror WHERE key = ?', [id])).toEqual([
              { version },
            ]);
          }
        }
      },
      { seconds: 20 },
    );
  });
});
