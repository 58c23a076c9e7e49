import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, uuidv7 } from '@roost/platform';
import { StaleHolds } from '../calendar/stale-holds.port.js';
import { FeedContentService } from './feed-content.service.js';
import { FeedErrors } from './feed-errors.service.js';
import { FeedImportService } from './feed-import.service.js';
import { claimDueFeed } from './feed.queries.js';

/** Reads one feed outside of any transaction, under a lease, and imports its nights in one transaction. */
@Injectable()
export class FeedSync {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly staleHolds: StaleHolds,
    private readonly contents: FeedContentService,
    private readonly imports: FeedImportService,
    private readonly errors: FeedErrors,
    private readonly clock: Clock,
  ) {}

  /**
   * Processes the feed that has been due the longest, or the feed with this id, due or not. Returns false if there is no
   * such feed, or if another process has claimed it.
   */
  async syncOne(feedId: string | null = null): Promise<boolean> {
    const feed = await claimDueFeed(this.em.fork(), this.clock.now(), uuidv7(), feedId);
    if (!feed) return false;
    try {
      const result = await this.contents.read(feed);
      await this.staleHolds.retryAfterEnding(() =>
        this.transactions.run((em) => this.imports.apply(em, feed, result), {
          isolation: 'read committed',
        }),
      );
    } catch (error) {
      await this.errors.record(feed, error);
    }
    return true;
  }
}
