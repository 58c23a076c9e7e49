import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions, type EventMeta } from '@roost/messaging';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';

@Controller()
export class ListingSnapshotConsumer {
  constructor(
    private readonly listings: ListingSnapshotService,
    private readonly transactions: Transactions,
  ) {}

  /** Each event of a listing is the whole of it, so all of them are kept the same way. */
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
    await this.transactions.run((em) => this.listings.keep(em, body, meta.aggregateVersion ?? 0));
  }
}
