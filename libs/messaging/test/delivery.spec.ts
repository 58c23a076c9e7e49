import { randomUUID } from 'node:crypto';
import { Controller, Inject } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { eventually, freshDatabase } from '@roost/testing';
import { EmbeddedBus, envelopeOf, OnEvent, Outbox, Transactions, type EventMeta } from '../src/index.js';
import { MessageConsumer, RatingMirror, resetScript, script } from './consumers.js';
import { aMessage, aRating } from './fixtures.js';
import { aGate, startNode, type Node } from './node.js';

const received: { body: unknown; meta: EventMeta }[] = [];

/** A second handler of the type that MessageConsumer handles; it publishes an event itself. */
@Controller()
class RepublishingConsumer {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  @OnEvent('message.sent')
  async sent(body: EventBody<'message.sent'>, meta: EventMeta): Promise<void> {
    received.push({ body, meta });
    await this.transactions.run((em) =>
      this.outbox.add(em, 'rating.changed', aRating(body.threadId, 1), { version: 1 }),
    );
  }
}

describe('event delivery', () => {
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

  test('passes body and metadata to the handlers after the commit', async () => {
    const reviews = await startNode({
      service: 'reviews',
      url: await freshDatabase('reviews'),
      bus,
      controllers: [MessageConsumer, RepublishingConsumer],
    });
    const body = aMessage(randomUUID());
    await send(body);
    await eventually(() => expect(received).toHaveLength(1));
    expect(received[0]).toEqual({
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
    // Both handlers of the type ran, and the event of the second one was delivered to another service.
    await eventually(async () => {
      expect(await reviews.sql('SELECT note FROM effect')).toEqual([{ note: body.messageId }]);
      expect(await effects()).toEqual([body.messageId]);
      expect(await listings.sql('SELECT version::int FROM mirror WHERE key = ?', [body.threadId])).toEqual([
        { version: 1 },
      ]);
    });
    await reviews.close();
  });

  test('publishes nothing of a transaction that rolls back', async () => {
    const rolledBack = aMessage(randomUUID());
    await expect(
      bookings.transactions.run(async (em) => {
        await bookings.outbox.add(em, 'message.sent', rolledBack);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const committed = aMessage(randomUUID());
    await send(committed);
    await eventually(async () => expect(await effects()).toEqual([committed.messageId]));
    expect(await bookings.sql('SELECT 1 FROM outbox_event WHERE key = ?', [rolledBack.threadId])).toEqual([]);
  });

  test('delivers events that are added in bulk in their order', async () => {
    const bodies = Array.from({ length: 50 }, () => aMessage(randomUUID()));
    const listingId = randomUUID();
    await bookings.transactions.run(async (em) => {
      await bookings.outbox.addAll(
        em,
        'message.sent',
        bodies.map((body) => ({ body: { ...body, threadId: listingId } })),
      );
      await bookings.outbox.addAll(em, 'message.sent', []);
      await bookings.outbox.addAll(
        em,
        'rating.changed',
        [1, 2].map((version) => ({ body: aRating(listingId, version), version })),
      );
    });
    await eventually(async () => {
      expect(await effects()).toEqual(bodies.map(({ messageId }) => messageId));
      expect(await listings.sql('SELECT version::int, count FROM mirror WHERE key = ?', [listingId])).toEqual(
        [{ version: 2, count: 2 }],
      );
    });
    const rows = await bookings.sql(
      'SELECT type, compacted, aggregate_version::int AS version FROM outbox_event WHERE key = ? ORDER BY xid, id OFFSET 49',
      [listingId],
    );
    expect(rows).toEqual([
      { type: 'message.sent', compacted: false, version: null },
      { type: 'rating.changed', compacted: true, version: 1 },
      { type: 'rating.changed', compacted: true, version: 2 },
    ]);
  });

  test('ignores a redelivered event', async () => {
    const body = aMessage(randomUUID());
    const event = envelopeOf('message.sent', body, { source: 'bookings' });
    expect(await listings.consumer.handle(event)).toBe('handled');
    expect(await listings.consumer.handle(event)).toBe('known');
    expect(await effects()).toEqual([body.messageId]);
  });

  test('applies an event once when it is delivered eight times concurrently', async () => {
    const body = aMessage(randomUUID());
    const event = envelopeOf('message.sent', body, { source: 'bookings' });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => listings.consumer.handle(event)));
    expect(outcomes.filter((outcome) => outcome === 'handled')).toHaveLength(1);
    expect(await effects()).toEqual([body.messageId]);
  });

  test('rolls back effect and inbox row when the handler throws', async () => {
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

  test('skips an event of an unknown type', async () => {
    await bookings.sql(
      `INSERT INTO outbox_event (type, topic, key, compacted, schema_version, body) VALUES ('booking.teleported', 'bookings.booking', 'x', false, 9, '{}')`,
    );
    const body = aMessage(randomUUID());
    await send(body);
    await eventually(async () => expect(await effects()).toEqual([body.messageId]));
    const unknownEvent = {
      ...envelopeOf('message.sent', body, { source: 'bookings' }),
      type: 'booking.teleported',
    };
    expect(await listings.consumer.handle(unknownEvent)).toBe('ignored');
  });

  test('delivers events of its downtime to a restarted listener', async () => {
    await listings.close();
    const bodies = Array.from({ length: 30 }, () => aMessage(randomUUID()));
    for (const body of bodies) await send(body);
    listings = await startListings();
    await eventually(async () =>
      expect((await effects()).sort()).toEqual(bodies.map(({ messageId }) => messageId).sort()),
    );
    expect(script.tries).toHaveLength(bodies.length);
  });

  test('leaves a mirror unchanged for an older state event', async () => {
    const listingId = randomUUID();
    for (const version of [1, 3, 2]) {
      const event = envelopeOf('rating.changed', aRating(listingId, version), { source: 'reviews', version });
      expect(await listings.consumer.handle(event)).toBe('handled');
    }
    expect(await listings.sql('SELECT version::int, count FROM mirror WHERE key = ?', [listingId])).toEqual([
      { version: 3, count: 3 },
    ]);
  });

  test('lets a slow handler delay its own key only, and waits for it on close', async () => {
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

  test('adds events that the handler publishes to the trace of the handled event', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const payments = await startNode({
      service: 'payments',
      url: await freshDatabase('payments'),
      bus: new EmbeddedBus(),
      controllers: [RepublishingConsumer],
    });
    const event = envelopeOf('message.sent', aMessage(randomUUID()), { source: 'bookings', traceparent });
    await payments.consumer.handle(event);
    expect(await payments.sql('SELECT traceparent FROM outbox_event')).toEqual([{ traceparent }]);
    await payments.close();
  });
});
