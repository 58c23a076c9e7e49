import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorListing } from './listing-mirror.queries.js';

/** Mirrors the title and city of listings. */
@Controller()
export class ListingMirrorConsumer {
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
    await this.transactions.run((em) => mirrorListing(em, body, meta.aggregateVersion ?? 0));
  }
}
