import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions, type EventMeta } from '@roost/messaging';
import { storeListingSnapshot } from '../listing-snapshot/listing-snapshot.queries.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import { addListing, markListingDirty } from './listing.queries.js';

@Controller()
export class ListingConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly publisher: CalendarPublisher,
  ) {}

  /** Each event carries the whole listing, so all of them are stored in the same way. */
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
    await this.transactions.run(async (em) => {
      const stored = await storeListingSnapshot(em, body, meta.aggregateVersion ?? 0);
      await addListing(em, body.listingId);
      // The blocked nights depend on the preparation nights.
      if (!stored.changedPreparation) return;
      await markListingDirty(em, body.listingId);
      this.publisher.publishAfterCommit();
    });
  }
}
