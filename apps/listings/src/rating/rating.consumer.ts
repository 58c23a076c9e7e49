import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorRating } from './rating.queries.js';

/** What guests gave a listing. */
@Controller()
export class RatingConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent('rating.changed')
  async changed(body: EventBody<'rating.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      mirrorRating(em, {
        listingId: body.listingId,
        version: meta.aggregateVersion ?? 0,
        count: body.count,
        sum: body.overallSum,
      }),
    );
  }
}
