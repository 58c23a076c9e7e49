import { randomUUID } from 'node:crypto';
import { eventually, freshDatabase } from '@roost/testing';
import { EmbeddedBus, Relay } from '../src/index.js';
import { RelayConnection } from '../src/relay-connection.js';
import { MessageConsumer, RatingMirror, resetScript, script } from './consumers.js';
import { aMessage, aRating } from './fixtures.js';
import { startNode, type Node } from './node.js';

beforeEach(() => resetScript());

describe('replicas of a service', () => {
  test('have one active relay at a time, and each event is handled once', async () => {
    const [bookingsUrl, identityUrl] = [await freshDatabase('bookings'), await freshDatabase('identity')];
    /** As one process: it has a bus of its own, and both services. */
    const replica = async () => {
      const bus = new EmbeddedBus();
      return {
        bookings: await startNode({ service: 'bookings', url: bookingsUrl, bus }),
        identity: await startNode({
          service: 'identity',
          url: identityUrl,
          bus,
          controllers: [MessageConsumer],
        }),
      };
    };
    const first = await replica();
    await eventually(() => expect(first.bookings.app.get(Relay).active).toBe(true));
    const second = await replica();
    const threadId = randomUUID();
    const bodies = Array.from({ length: 60 }, () => aMessage(threadId));
    let stopped: Promise<unknown> = Promise.resolve();
    for (const [index, body] of bodies.entries()) {
      await second.bookings.transactions.run((em) => second.bookings.outbox.add(em, 'message.sent', body));
      if (index === 30) {
        expect(second.bookings.app.get(Relay).active).toBe(false);
        stopped = Promise.all([first.bookings.close(), first.identity.close()]);
      }
    }
    await stopped;
    await eventually(async () => {
      expect(second.bookings.app.get(Relay).active).toBe(true);
      const effects = await second.identity.sql<{ note: string }>('SELECT note FROM effect ORDER BY at');
      expect(effects.map(({ note }) => note)).toEqual(bodies.map(({ messageId }) => messageId));
    });
    await second.identity.close();
    await second.bookings.close();
  });
});

describe('the relay', () => {
  let bookings: Node;
  let identity: Node;
  let bookingsUrl: string;

  beforeAll(async () => {
    bookingsUrl = await freshDatabase('bookings');
    const bus = new EmbeddedBus();
    bookings = await startNode({ service: 'bookings', url: bookingsUrl, bus });
    identity = await startNode({
      service: 'identity',
      url: await freshDatabase('identity'),
      bus,
      controllers: [MessageConsumer, RatingMirror],
    });
  });
  afterAll(async () => {
    await identity.close();
    await bookings.close();
  });

  test('sends each event once although it saves its cursor only at intervals', async () => {
    const bodies = Array.from({ length: 1200 }, (_, index) =>
      aMessage(`00000000-0000-7000-8000-${String(index % 40).padStart(12, '0')}`),
    );
    await bookings.transactions.run(async (em) => {
      for (const body of bodies) await bookings.outbox.add(em, 'message.sent', body);
    });
    await eventually(() => expect(script.tries).toHaveLength(bodies.length), { seconds: 60 });
    await eventually(async () =>
      expect(
        await bookings.sql(
          `SELECT sink FROM outbox_cursor WHERE (xid, id) = (SELECT xid, id FROM outbox_event ORDER BY xid DESC, id DESC LIMIT 1)`,
        ),
      ).toEqual([{ sink: 'identity' }]),
    );
    expect(new Set(script.tries).size).toBe(bodies.length);
  });

  test('prunes old events that every sink has processed, but keeps the newest state event of every key', async () => {
    const [listingId, other] = [randomUUID(), randomUUID()];
    await bookings.sql('DELETE FROM outbox_event');
    await bookings.transactions.run(async (em) => {
      await bookings.outbox.add(em, 'message.sent', aMessage(randomUUID()));
      for (const version of [1, 2, 3]) {
        await bookings.outbox.add(em, 'rating.changed', aRating(listingId, version), { version });
      }
      await bookings.outbox.add(em, 'rating.changed', aRating(other, 1), { version: 1 });
    });
    const remaining = async () =>
      (
        await bookings.sql<{ label: string }>(
          `SELECT type || ' ' || coalesce(aggregate_version, 0) AS label FROM outbox_event ORDER BY xid, id`,
        )
      ).map(({ label }) => label);
    const all = [
      'message.sent 0',
      'rating.changed 1',
      'rating.changed 2',
      'rating.changed 3',
      'rating.changed 1',
    ];
    await eventually(async () =>
      expect(
        await bookings.sql(
          `SELECT 1 FROM outbox_cursor WHERE (xid, id) = (SELECT xid, id FROM outbox_event ORDER BY xid DESC, id DESC LIMIT 1)`,
        ),
      ).toHaveLength(1),
    );

    const connection = new RelayConnection({ connectionString: bookingsUrl }, '/bookings');
    expect(await connection.open()).toBe(false);
    expect(await connection.prune(30, 1000)).toBe(0);
    expect(await remaining()).toEqual(all);

    await bookings.sql(`UPDATE outbox_event SET created_at = created_at - interval '31 days'`);
    await bookings.sql(`INSERT INTO outbox_cursor (sink, xid, id) VALUES ('reviews', '0', '${listingId}')`);
    expect(await connection.prune(30, 1000)).toBe(0);
    expect(await remaining()).toEqual(all);

    await bookings.sql(`DELETE FROM outbox_cursor WHERE sink = 'reviews'`);
    expect(await connection.prune(30, 1000)).toBe(3);
    expect(await remaining()).toEqual(['rating.changed 3', 'rating.changed 1']);
    await connection.close();
  });

  test('keeps inbox rows of facts twice as long as the outbox, and those of state events without limit', async () => {
    await identity.sql(
      `INSERT INTO inbox_event (event_id, type, compacted, handled_at) VALUES
         (uuidv7(), 'old fact', false, now() - interval '61 days'), (uuidv7(), 'newer fact', false, now() - interval '59 days'),
         (uuidv7(), 'old state', true, now() - interval '400 days')`,
    );
    const [{ url } = { url: '' }] = await identity.sql<{ url: string }>('SELECT current_database() AS url');
    const connection = new RelayConnection(
      { connectionString: bookingsUrl.replace(/\/[^/]*$/, `/${url}`) },
      '/identity',
    );
    await connection.open();
    await connection.prune(30, 1000);
    await connection.close();
    expect(
      await identity.sql(
        `SELECT type FROM inbox_event WHERE type LIKE '%fact' OR type LIKE '%state' ORDER BY type`,
      ),
    ).toEqual([{ type: 'newer fact' }, { type: 'old state' }]);
  });
});
