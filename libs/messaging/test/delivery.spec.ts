import { randomUUID } from 'node:crypto';
import { Controller, Inject } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import {
  EmbeddedBus,
  envelopeOf,
  OnEvent,
  Outbox,
  RetryTransaction,
  Transactions,
  type EventMeta,
} from '../src/index.js';
import { MessageConsumer, RatingMirror, resetScript, script } from './consumers.js';
import { freshDatabase } from './fresh-database.js';
import { aMessage, aRating } from './given.js';
import { aGate, eventually, startNode, type Node } from './node.js';

const seen: { body: unknown; meta: EventMeta }[] = [];

/** Beside MessageConsumer: a second handler of the same type, which publishes in turn. */
@Controller()
class Echo {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  @OnEvent('message.sent')
  async sent(body: EventBody<'message.sent'>, meta: EventMeta): Promise<void> {
    seen.push({ body, meta });
    await this.transactions.run((em) =>
      this.outbox.add(em, 'rating.changed', aRating(body.threadId, 1), { version: 1 }),
    );
  }
}

describe('an event', () => {
  let bus: EmbeddedBus;
  let bookings: Node;
  let listings: Node;
  let listingsUrl: string;

  const startListings = () =>
    startNode({ service: 'listings', url: listingsUrl, bus, controllers: [MessageConsumer, RatingMirror] });
  const send = (body: EventBody<'message.sent'>) =>
    bookings.transactions.run((em) => bookings.outbox.add(em, 'message.sent', body));
  const effects = async (): Promise<string[]> =>
    (await listings.sql<{ note: string }>('SELECT note FROM effect ORDER BY at')).map(({ note }) => note);

  beforeAll(async () => {
    bus = new EmbeddedBus();
    listingsUrl = await freshDatabase('listings');
    bookings = await startNode({ service: 'bookings', url: await freshDatabase('bookings'), bus });
    listings = await startListings();
  });
  afterAll(async () => {
    await listings.close();
    await bookings.close();
  });
  beforeEach(async () => {
    resetScript();
    await listings.sql('TRUNCATE effect');
  });

  test('reaches the listener once its transaction has committed, with what surrounds it', async () => {
    const reviews = await startNode({
      service: 'reviews',
      url: await freshDatabase('reviews'),
      bus,
      controllers: [MessageConsumer, Echo],
    });
    const body = aMessage(randomUUID());
    await send(body);
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toEqual({
      body,
      meta: {
        id: expect.any(String),
        type: 'message.sent',
        source: '/bookings',
        subject: body.threadId,
        time: expect.any(Date),
        aggregateVersion: null,
        schemaVersion: 1,
      },
    });
    // Both handlers of the type ran, and what the second published in turn has come to another service.
    await eventually(async () => {
      expect(await reviews.sql('SELECT note FROM effect')).toEqual([{ note: body.messageId }]);
      expect(await effects()).toEqual([body.messageId]);
      expect(await listings.sql('SELECT version::int FROM mirror WHERE key = ?', [body.threadId])).toEqual([
        { version: 1 },
      ]);
    });
    await reviews.close();
  });

  test('of a transaction that rolls back is never published', async () => {
    const lost = aMessage(randomUUID());
    await expect(
      bookings.transactions.run(async (em) => {
        await bookings.outbox.add(em, 'message.sent', lost);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const kept = aMessage(randomUUID());
    await send(kept);
    await eventually(async () => expect(await effects()).toEqual([kept.messageId]));
    expect(await bookings.sql('SELECT 1 FROM outbox_event WHERE key = ?', [lost.threadId])).toEqual([]);
  });

  test('does nothing when it is delivered again', async () => {
    const body = aMessage(randomUUID());
    const event = envelopeOf('message.sent', body, { source: 'bookings' });
    expect(await listings.consumer.handle(event)).toBe('handled');
    expect(await listings.consumer.handle(event)).toBe('known');
    expect(await effects()).toEqual([body.messageId]);
  });

  test('delivered eight times at once has one effect', async () => {
    const body = aMessage(randomUUID());
    const event = envelopeOf('message.sent', body, { source: 'bookings' });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => listings.consumer.handle(event)));
    expect(outcomes.filter((outcome) => outcome === 'handled')).toHaveLength(1);
    expect(await effects()).toEqual([body.messageId]);
  });

  test('leaves neither effect nor inbox row when its handler throws', async () => {
    const event = envelopeOf('message.sent', aMessage(randomUUID()), { source: 'bookings' });
    script.before = () => {
      throw new TypeError('Cannot read properties of undefined');
    };
    await expect(listings.consumer.handle(event)).rejects.toThrow(TypeError);
    expect(await effects()).toEqual([]);
    expect(await listings.sql('SELECT 1 FROM inbox_event WHERE event_id = ?', [event.id])).toEqual([]);
    resetScript();
    expect(await listings.consumer.handle(event)).toBe('handled');
  });

  test('of a type that nobody here knows is passed over', async () => {
    await bookings.sql(
      `INSERT INTO outbox_event (type, topic, key, compacted, schema_version, body) VALUES ('booking.teleported', 'bookings.booking', 'x', false, 9, '{}')`,
    );
    const body = aMessage(randomUUID());
    await send(body);
    await eventually(async () => expect(await effects()).toEqual([body.messageId]));
    const unknown = {
      ...envelopeOf('message.sent', body, { source: 'bookings' }),
      type: 'booking.teleported',
    };
    expect(await listings.consumer.handle(unknown)).toBe('ignored');
  });

  test('finds a listener that was down when that is back', async () => {
    await listings.close();
    const bodies = Array.from({ length: 30 }, () => aMessage(randomUUID()));
    for (const body of bodies) await send(body);
    listings = await startListings();
    await eventually(async () =>
      expect((await effects()).sort()).toEqual(bodies.map(({ messageId }) => messageId).sort()),
    );
    expect(script.tries).toHaveLength(bodies.length);
  });

  test('that is a state older than the mirrored one changes nothing', async () => {
    const listingId = randomUUID();
    for (const version of [1, 3, 2]) {
      const event = envelopeOf('rating.changed', aRating(listingId, version), { source: 'reviews', version });
      expect(await listings.consumer.handle(event)).toBe('handled');
    }
    expect(await listings.sql('SELECT version::int, count FROM mirror WHERE key = ?', [listingId])).toEqual([
      { version: 3, count: 3 },
    ]);
  });

  test('in a slow handler holds up its own key only, and a stop waits for it', async () => {
    const slow = aMessage(randomUUID());
    const behind = aMessage(slow.threadId);
    const others = Array.from({ length: 20 }, () => aMessage(randomUUID()));
    const gate = aGate();
    script.before = (body) => (body.messageId === slow.messageId ? gate.passed : undefined);
    for (const body of [slow, behind, ...others]) await send(body);
    try {
      await eventually(async () => expect(await effects()).toHaveLength(others.length));
    } finally {
      const closed = listings.close();
      gate.open();
      await closed;
    }
    listings = await startListings();
    await eventually(async () => expect(await effects()).toHaveLength(others.length + 2));
    const order = await effects();
    expect(order.indexOf(behind.messageId)).toBeGreaterThan(order.indexOf(slow.messageId));
    expect(script.tries.filter((id) => id === slow.messageId)).toHaveLength(1);
  });

  test('carries the trace on to what its handler publishes', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const echo = await startNode({
      service: 'payments',
      url: await freshDatabase('payments'),
      bus: new EmbeddedBus(),
      controllers: [Echo],
    });
    const event = envelopeOf('message.sent', aMessage(randomUUID()), { source: 'bookings', traceparent });
    await echo.consumer.handle(event);
    expect(await echo.sql('SELECT traceparent FROM outbox_event')).toEqual([{ traceparent }]);
    await echo.close();
  });
});

describe('a transaction', () => {
  let node: Node;
  beforeAll(async () => {
    node = await startNode({
      service: 'bookings',
      url: await freshDatabase('bookings'),
      bus: new EmbeddedBus(),
    });
  });
  afterAll(() => node.close());

  test('is run again when it lost a race, and what it deferred is done once', async () => {
    let tries = 0;
    const done: number[] = [];
    await node.transactions.run(async (em) => {
      tries += 1;
      const mine = tries;
      node.transactions.afterCommit(() => done.push(mine));
      await em.execute('INSERT INTO scratch (note) VALUES (?)', [`try ${tries}`]);
      if (tries < 3) throw new RetryTransaction('a twin was faster');
    });
    expect(done).toEqual([3]);
    expect(await node.sql('SELECT note FROM scratch')).toEqual([{ note: 'try 3' }]);
  });

  test('gives up after ten tries, with the error', async () => {
    let tries = 0;
    await expect(
      node.transactions.run(async () => {
        tries += 1;
        throw new RetryTransaction('always');
      }),
    ).rejects.toThrow('always');
    expect(tries).toBe(10);
  });

  test('is shared by those that run inside it', async () => {
    const [inner, outer] = await node.transactions.run(async (em) => {
      const id = async (of: typeof em) =>
        (await of.execute<{ xid: string }[]>('SELECT pg_current_xact_id()::text AS xid'))[0]?.xid;
      return [await node.transactions.run(id), await id(em)];
    });
    expect(inner).toBe(outer);
  });

  test('that has ended is not joined by what it left running', async () => {
    const gate = aGate();
    let late: Promise<unknown> = Promise.resolve();
    await node.transactions.run(async () => {
      late = gate.passed.then(() => node.transactions.run((em) => em.execute('SELECT 1 AS one')));
    });
    gate.open();
    expect(await late).toEqual([{ one: 1 }]);
  });

  test('is done although what was to follow it fails', async () => {
    const done: string[] = [];
    await node.transactions.run(async (em) => {
      await em.execute(`INSERT INTO scratch (note) VALUES ('kept')`);
      node.transactions.afterCommit(() => {
        throw new Error('no');
      });
      node.transactions.afterCommit(() => done.push('second'));
    });
    expect(done).toEqual(['second']);
    expect(await node.sql(`SELECT 1 FROM scratch WHERE note = 'kept'`)).toHaveLength(1);
  });

  test('that publishes a state without its version is refused', async () => {
    await expect(
      node.transactions.run((em) => node.outbox.add(em, 'rating.changed', aRating(randomUUID(), 1))),
    ).rejects.toThrow('version');
  });

  test('publishes no more than the contract names', async () => {
    const body = { ...aMessage(randomUUID()), text: 'call me on 555' };
    await node.transactions.run((em) => node.outbox.add(em, 'message.sent', body));
    const [row] = await node.sql<{ body: object }>('SELECT body FROM outbox_event WHERE key = ?', [
      body.threadId,
    ]);
    expect(row?.body).not.toHaveProperty('text');
  });

  test('outside of one there is nothing to wait for', () => {
    expect(() => node.transactions.afterCommit(() => undefined)).toThrow('inside Transactions.run');
  });
});
