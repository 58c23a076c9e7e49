import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { PageInvalidation } from '../cache/page-invalidation.js';
import { mirrorRating } from './rating.queries.js';

/** Mirrors the ratings of listings. */
@Controller()
export class RatingConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly pages: PageInvalidation,
  ) {}

  @OnEvent('rating.changed')
  async changed(body: EventBody<'rating.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      await this.pages.invalidateListings(em, [body.listingId]);
      await mirrorRating(em, body, meta.aggregateVersion ?? 0);
    });
  }
}
