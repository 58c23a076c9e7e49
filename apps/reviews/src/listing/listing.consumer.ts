import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { type ListingEvent, mirrorListing } from './listing.queries.js';

/** Mirrors the status of listings: the reviews of a suspended one are not public. */
@Controller()
export class ListingConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent(
    'listing.created',
    'listing.changed',
    'listing.published',
    'listing.paused',
    'listing.archived',
    'listing.suspended',
    'listing.reinstated',
  )
  async changed(body: EventBody<ListingEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) => mirrorListing(em, body, meta.aggregateVersion ?? 0));
  }
}
