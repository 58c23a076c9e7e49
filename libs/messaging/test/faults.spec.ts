import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import pg from 'pg';
import { Registry } from 'prom-client';
import { eventually, freshDatabase } from '@roost/testing';
import { EmbeddedBus } from '../src/index.js';
import { MessageConsumer, resetScript, script } from './consumers.js';
import { aMessage } from './fixtures.js';
import { startNode, type Node } from './node.js';

class PoisonError extends Error {
  override readonly name = 'PoisonError';
  readonly code = 'booking.not_found';
}

describe('a failing handler', () => {
  let bookings: Node;
  let identity: Node;
  let metrics: Registry;
  let bookingsUrl: string;
  let identityUrl: string;

  beforeAll(async () => {
    const bus = new EmbeddedBus();
    metrics = new Registry();
    [bookingsUrl, identityUrl] = [await freshDatabase('bookings'), await freshDatabase('identity')];
    bookings = await startNode({ service: 'bookings', url: bookingsUrl, bus });
    identity = await startNode({
      service: 'identity',
      url: identityUrl,
      bus,
      controllers: [MessageConsumer],
      retryDelaysMs: [5, 5, 10, 10],
      metrics,
    });
  });
  afterAll(async () => {
    await identity.close();
    await bookings.close();
  });
  beforeEach(() => resetScript());
  afterEach(async () => {
    await identity.sql('TRUNCATE dead_letter, effect');
  });

  const send = async (...bodies: EventBody<'message.sent'>[]): Promise<void> => {
    for (const body of bodies) {
      await bookings.transactions.run((em) => bookings.outbox.add(em, 'message.sent', body));
    }
  };
  const effects = async (threadId: string): Promise<string[]> =>
    (
      await identity.sql<{ note: string }>('SELECT note FROM effect WHERE key = ? ORDER BY at', [threadId])
    ).map(({ note }) => note);
  const triesOf = (body: EventBody<'message.sent'>): number =>
    script.tries.filter((id) => id === body.messageId).length;
  const poison = (...bodies: EventBody<'message.sent'>[]): void => {
    script.before = ({ messageId }) => {
      if (bodies.some((body) => body.messageId === messageId)) throw new PoisonError('no such booking');
    };
  };
  const queueOf = async (threadId: string): Promise<unknown[]> =>
    Promise.all(
      (await identity.deadLetters.list({ key: threadId })).map(async ({ id, code, tries }) => {
        const data = (await identity.deadLetters.find(id))?.data ?? '{}';
        return { messageId: (JSON.parse(data) as { messageId: string }).messageId, code, tries };
      }),
    );

  test('has its event dead-lettered after five tries; later events of the key queue behind it, other keys continue', async () => {
    const threadId = randomUUID();
    const [bad, second, third] = [aMessage(threadId), aMessage(threadId), aMessage(threadId)];
    const others = Array.from({ length: 10 }, () => aMessage(randomUUID()));
    poison(bad);
    await send(bad, second, ...others, third);
    await eventually(async () =>
      expect(await queueOf(threadId)).toEqual([
        { messageId: bad.messageId, code: 'booking.not_found', tries: 5 },
        { messageId: second.messageId, code: null, tries: 0 },
        { messageId: third.messageId, code: null, tries: 0 },
      ]),
    );
    await eventually(async () => {
      for (const other of others) expect(await effects(other.threadId)).toEqual([other.messageId]);
    });
    expect(await effects(threadId)).toEqual([]);
    expect(triesOf(bad)).toBe(5);
    expect(triesOf(second)).toBe(0);
    const counted = await metrics.getSingleMetricAsString('roost_events_parked_total');
    expect(counted).toContain('code="booking.not_found"} 1');
    expect(await metrics.getSingleMetricAsString('roost_dead_letters')).toContain('roost_dead_letters 3');

    resetScript();
    expect(
      await identity.deadLetters.redrive({
        id: String((await identity.deadLetters.list({ key: threadId }))[0]?.id),
      }),
    ).toBe(3);
    await eventually(async () => expect(await queueOf(threadId)).toEqual([]));
    expect(await effects(threadId)).toEqual([bad.messageId, second.messageId, third.messageId]);

    const fourth = aMessage(threadId);
    await send(fourth);
    await eventually(async () => expect((await effects(threadId)).at(-1)).toBe(fourth.messageId));
  });

  test('does not delay other keys of the batch while it is retried', async () => {
    const bad = aMessage(randomUUID());
    const others = Array.from({ length: 50 }, () => aMessage(randomUUID()));
    const deadLettered: string[] = [];
    script.before = async ({ messageId }) => {
      if (messageId !== bad.messageId) return;
      const queue = await queueOf(bad.threadId);
      deadLettered.push(...queue.map(() => bad.threadId));
      throw new PoisonError('never');
    };
    await bookings.transactions.run(async (em) => {
      for (const body of [bad, ...others]) await bookings.outbox.add(em, 'message.sent', body);
    });
    await eventually(async () => {
      for (const other of others) expect(await effects(other.threadId)).toEqual([other.messageId]);
      expect(await queueOf(bad.threadId)).toHaveLength(1);
    });
    expect(deadLettered).toEqual([]);
  });

  test('that fails again on redrive keeps its key blocked and stores the newest error', async () => {
    const threadId = randomUUID();
    const [bad, behind] = [aMessage(threadId), aMessage(threadId)];
    poison(bad);
    await send(bad, behind);
    await eventually(async () => expect(await queueOf(threadId)).toHaveLength(2));
    script.before = () => {
      throw new RangeError('still not');
    };
    await identity.deadLetters.redrive({ key: threadId });
    await eventually(async () =>
      expect(await queueOf(threadId)).toEqual([
        { messageId: bad.messageId, code: 'RangeError', tries: 10 },
        { messageId: behind.messageId, code: null, tries: 0 },
      ]),
    );
    expect(
      (await identity.deadLetters.list({ key: threadId })).every(({ redriveAt }) => redriveAt === null),
    ).toBe(true);
  });

  test('has its event counted as handled after a discard; the events behind it continue', async () => {
    const threadId = randomUUID();
    const [bad, behind] = [aMessage(threadId), aMessage(threadId)];
    poison(bad);
    await send(bad, behind);
    await eventually(async () => expect(await queueOf(threadId)).toHaveLength(2));
    const [first] = await identity.deadLetters.list({ key: threadId });
    const letter = await identity.deadLetters.find(String(first?.id));
    expect(first).not.toHaveProperty('data');
    expect(await identity.deadLetters.discard(String(letter?.id))).toBe(true);
    await eventually(async () => expect(await effects(threadId)).toEqual([behind.messageId]));
    expect(await queueOf(threadId)).toEqual([]);
    resetScript();
    if (!letter) throw new Error('unreachable');
    expect(await identity.consumer.handle(letter)).toBe('known');
    expect(await identity.deadLetters.discard(randomUUID())).toBe(false);
  });

  test('keeps the order of its key when events arrive during a redrive', async () => {
    const threadId = randomUUID();
    const earlier = Array.from({ length: 20 }, () => aMessage(threadId));
    const later = Array.from({ length: 40 }, () => aMessage(threadId));
    poison(...earlier);
    await send(...earlier);
    await eventually(async () => expect(await queueOf(threadId)).toHaveLength(earlier.length));
    resetScript();
    await identity.deadLetters.redrive({ key: threadId });
    await send(...later);
    await eventually(async () => expect(await effects(threadId)).toHaveLength(60));
    expect(await effects(threadId)).toEqual([...earlier, ...later].map(({ messageId }) => messageId));
  });

  test.each([
    ['a TypeError', () => new TypeError("Cannot read properties of undefined (reading 'id')"), 'TypeError'],
    ['a thrown string', () => 'oops', 'Unknown'],
    ['a constraint violation', () => null, '23505'],
  ])('is retried and dead-lettered when it throws %s', async (_, thrown, code) => {
    const bad = aMessage(randomUUID());
    const good = aMessage(randomUUID());
    script.before = async ({ messageId }) => {
      if (messageId !== bad.messageId) return;
      const error = thrown();
      if (error) throw error;
      await identity.transactions.run((em) =>
        em.execute(`INSERT INTO mirror VALUES ('same', 1, 1), ('same', 1, 1)`),
      );
    };
    await send(bad, good);
    await eventually(async () => {
      expect(await queueOf(bad.threadId)).toEqual([{ messageId: bad.messageId, code, tries: 5 }]);
      expect(await effects(good.threadId)).toEqual([good.messageId]);
    });
  });

  test('is retried until a transient error has passed', async () => {
    const body = aMessage(randomUUID());
    const behind = aMessage(body.threadId);
    script.before = ({ messageId }) => {
      if (messageId === body.messageId && triesOf(body) < 6) {
        throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
      }
    };
    await send(body, behind);
    await eventually(
      async () => expect(await effects(body.threadId)).toEqual([body.messageId, behind.messageId]),
      { seconds: 20 },
    );
    expect(triesOf(body)).toBe(6);
    expect(await queueOf(body.threadId)).toEqual([]);
  });

  test('is not run for an event that does not fit its contract; the event is dead-lettered at the first try', async () => {
    const threadId = randomUUID();
    await bookings.sql(
      `INSERT INTO outbox_event (type, topic, key, compacted, schema_version, body) VALUES ('message.sent', 'bookings.message', ?, false, 1, '{"threadId": 7}')`,
      [threadId],
    );
    await eventually(async () => {
      const [letter] = await identity.deadLetters.list({ key: threadId });
      expect(await identity.deadLetters.find(String(letter?.id))).toMatchObject({
        ...{ code: 'MalformedEvent', tries: 1, data: '{"threadId": 7}' },
      });
    });
    expect(script.tries).toEqual([]);
  });

  test('loses no event while the database server terminates every session', async () => {
    const bodies = Array.from({ length: 40 }, () => aMessage(randomUUID()));
    const admin = new pg.Client({ connectionString: identityUrl.replace(/[^/]*$/, 'postgres') });
    await admin.connect();
    let terminated = 0;
    const outage = (async () => {
      // More often than a pool has connections: a connection that is not released would exhaust the pool.
      while (terminated < 30) {
        const { rowCount } = await admin.query(
          // Not the autovacuum workers, which belong to the superuser.
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = ANY($1) AND backend_type = 'client backend'`,
          [[bookingsUrl, identityUrl].map((url) => url.split('/').at(-1))],
        );
        terminated += rowCount ?? 0;
      }
    })();
    for (const body of bodies) await eventually(() => send(body));
    await outage;
    await admin.end();
    await eventually(
      async () => {
        for (const body of bodies)
          expect((await effects(body.threadId)).slice(0, 1)).toEqual([body.messageId]);
      },
      { seconds: 20 },
    );
    const duplicates = await identity.sql(
      'SELECT event_id FROM effect GROUP BY event_id HAVING count(*) > 1',
    );
    expect(duplicates).toEqual([]);
  });
});
