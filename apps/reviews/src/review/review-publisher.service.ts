import { LockMode } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { Clock, LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import { RatingService } from '../rating/rating.service.js';
import { ReviewableStay } from '../reviewable-stay/reviewable-stay.entity.js';
import { findDueStays } from '../reviewable-stay/reviewable-stay.queries.js';
import { Review } from './review.entity.js';
import { toReviewEvent } from './review.events.js';

const BATCH_SIZE = 200;

/** Publishes the reviews of a stay together, with their ratings and events. */
@Injectable()
export class ReviewPublisherService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly ratings: RatingService,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Publishes all unpublished reviews of the stay. Runs in the caller's transaction. */
  async publish(em: EntityManager, stay: ReviewableStay, now: Date): Promise<void> {
    stay.dueAt = null;
    const reviews = await em.find(
      Review,
      { bookingId: stay.bookingId, publishedAt: null },
      { orderBy: { direction: 'asc' } },
    );
    for (const review of reviews) review.publishedAt = now;
    await em.flush();
    for (const review of reviews) {
      await this.ratings.adjust(em, review, 1);
      await this.outbox.add(em, 'review.published', toReviewEvent(review), { version: review.version });
    }
  }

  /** Publishes single reviews whose window has ended. Several replicas may run it at the same time. */
  async publishDue(): Promise<void> {
    const failedIds = new Set<string>();
    for (;;) {
      const due = await findDueStays(this.em.fork(), this.clock.now(), BATCH_SIZE + failedIds.size);
      const remaining = due.filter((id) => !failedIds.has(id));
      for (const id of remaining) {
        try {
          if (!(await this.publishStay(id))) failedIds.add(id);
        } catch (error) {
          // A failure does not block the batch; the next sweep retries the stay.
          failedIds.add(id);
          this.logger.error(
            { err: error, bookingId: id },
            'due reviews not published; the sweeper will retry',
          );
        }
      }
      if (remaining.length < BATCH_SIZE) return;
    }
  }

  /** Returns false if another transaction has locked the stay or published its reviews. */
  private async publishStay(bookingId: string): Promise<boolean> {
    return await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const stay = await em.findOne(
        ReviewableStay,
        { bookingId, dueAt: { $lte: now } },
        { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
      );
      if (!stay) return false;
      await this.publish(em, stay, now);
      return true;
    });
  }
}
