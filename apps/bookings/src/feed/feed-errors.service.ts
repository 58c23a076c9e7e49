import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, Health, LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import { nextPoll } from './domain/poll-time.js';
import { type ClaimedFeed, releaseClaimed, storeError } from './feed.queries.js';

/** Errors that are none of the problems of feeds. */
@Injectable()
export class FeedErrors {
  constructor(
    private readonly em: EntityManager,
    private readonly health: Health,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * An error counts as a failure of its feed, which would otherwise remain the first that is due. Throws while the service
   * stops, and if the failure can't be stored.
   */
  async record(feed: ClaimedFeed, error: unknown): Promise<void> {
    if (this.health.closing.aborted) {
      await releaseClaimed(this.em.fork(), feed);
      throw error;
    }
    this.logger.error({ err: error, feedId: feed.id }, 'reading a feed failed; the next poll will retry');
    const now = this.clock.now();
    await storeError(this.em.fork(), feed, now, nextPoll(now, feed.failures + 1, Math.random()));
  }
}
