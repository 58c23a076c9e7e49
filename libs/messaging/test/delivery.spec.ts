import { randomUUID } from 'node:crypto';
import { Controller, Inject } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { EmbeddedBus, OnEvent, Transactions, type EventMeta } from '../src/index.js';
import { freshDatabase } from './fresh-database.js';
import { aRating } from './given.js';
import { eventually, startNode, type Node } from './node.js';

@Controller()
class Consumer {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @OnEvent('rating.changed')
  async rated(body: EventBody<'rating.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      await em.execute('INSERT INTO effect (event_id, key, note) VALUES (?, ?, ?)', [
        meta.id,
        body.listingId,
        String(body.count),
      ]);
    });
  }
}

describe('an event', () => {
  let bus: EmbeddedBus;
  let reviews: Node;
  let listings: Node;

  beforeEach(async () => {
    bus = new EmbeddedBus();
    reviews = await startNode({ service: 'reviews', url: await freshDatabase('reviews'), bus });
    listings = await startNode({
      service: 'listings',
      url: await freshDatabase('listings'),
      bus,
      controllers: [Consumer],
    });
  });
  afterEach(async () => {
    await listings.close();
    await reviews.close();
  });

  test('reaches the listener with its envelope', async () => {
    const listingId = randomUUID();
    await reviews.transactions.run((em) =>
      reviews.outbox.add(em, 'rating.changed', aRating(listingId, 1), { version: 1 }),
    );
    await eventually(async () =>
      expect(await listings.sql('SELECT key, note FROM effect')).toEqual([{ key: listingId, note: '1' }]),
    );
  });
});
