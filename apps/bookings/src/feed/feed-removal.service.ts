import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { lockLinks, markDirty, release } from '../calendar/calendar.queries.js';
import { lockImports } from '../calendar/imported-entries.queries.js';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { deleteFeed, feedsOfHost, findFeed } from './feed.queries.js';

/** Deletes feeds and releases their nights. */
@Injectable()
export class FeedRemovalService {
  constructor(
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
  ) {}

  async remove(host: AuthUser, listingId: string, feedId: string): Promise<void> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    await this.transactions.run(
      async (em) => {
        if (!(await this.delete(em, calendarListingId, feedId))) throw new Problem('feed.not_found');
      },
      { isolation: 'read committed' },
    );
  }

  /** Deletes the feeds of all listings of a host. Call it in a transaction at READ COMMITTED. */
  async deleteAllOf(em: EntityManager, hostId: string): Promise<void> {
    for (const { calendarListingId, id } of await feedsOfHost(em, hostId)) {
      await this.delete(em, calendarListingId, id);
    }
  }

  /** Returns false if the listing has no such feed. */
  private async delete(em: EntityManager, calendarListingId: number, feedId: string): Promise<boolean> {
    await lockImports(em, calendarListingId);
    await lockLinks(em, calendarListingId);
    const feed = await findFeed(em, calendarListingId, feedId);
    if (!feed) return false;
    await release(em, feed.ownerId);
    await deleteFeed(em, feed.id);
    await markDirty(em, calendarListingId);
    this.publisher.publishAfterCommit();
    return true;
  }
}
