import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { rememberListing } from './stay.queries.js';

/** What a listing is called. */
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
  async changed(body: EventBody<'listing.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) => rememberListing(em, body, meta.aggregateVersion ?? 0));
  }
}
