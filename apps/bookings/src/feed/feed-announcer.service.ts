import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Outbox } from '@roost/messaging';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { announcedAfter } from './domain/announced-problem.js';
import type { FeedProblem } from './feed.dto.js';
import { type ClaimedFeed, storeAnnounced } from './feed.queries.js';

/** Publishes feed.problem-found: once when a problem that hosts are notified of begins, not at each check. */
@Injectable()
export class FeedAnnouncer {
  constructor(
    private readonly outbox: Outbox,
    private readonly listings: ListingSnapshotService,
  ) {}

  /** In the transaction of a check with this result. */
  async announce(em: EntityManager, feed: ClaimedFeed, problem: FeedProblem | null): Promise<void> {
    const announced = announcedAfter(problem, feed.announcedProblem);
    if (announced === feed.announcedProblem) return;
    await storeAnnounced(em, feed.id, announced);
    if (announced === null) return;
    const listing = await this.listings.find(feed.listingId, em);
    if (!listing) throw new Error('a feed without a listing');
    const { id: feedId, listingId } = feed;
    await this.outbox.add(em, 'feed.problem-found', {
      feedId,
      listingId,
      hostId: listing.hostId,
      problem: announced,
    });
  }
}
