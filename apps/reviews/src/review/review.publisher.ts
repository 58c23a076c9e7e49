import { LockMode } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { Clock, LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import { RatingService } from '../rating/rating.service.js';
import { Stay } from '../stay/stay.entity.js';
import { dueStays } from '../stay/stay.queries.js';
import { factsOf } from './review.events.js';
import { Review } from './review.entity.js';

const batch = 200;

/** Makes reviews public: all of a stay at once, with their part of the ratings and their events. */
@Injectable()
export class ReviewPublisher {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly ratings: RatingService,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Part of the caller's transaction. */
  async publish(em: EntityManager, stay: Stay, now: Date): Promise<void> {
    stay.dueAt = null;
    const reviews = await em.find(
      Review,
      { bookingId: stay.bookingId, publishedAt: null },
      { orderBy: { direction: 'asc' } },
    );
    for (const review of reviews) review.publishedAt = now;
    await em.flush();
    for (const review of reviews) {
      await this.ratings.count(em, review, 1);
      await this.outbox.add(em, 'review.published', factsOf(review), { version: review.version });
    }
  }

  /** What is alone when its time is over. Any number of replicas may sweep at once. */
  async publishDue(): Promise<void> {
    const failed = new Set<string>();
    for (;;) {
      const due = await dueStays(this.em.fork(), this.clock.now(), batch + failed.size);
      const fresh = due.filter((id) => !failed.has(id));
      for (const id of fresh) {
        try {
          if (!(await this.publishOne(id))) failed.add(id);
        } catch (error) {
          // One that fails must not keep the others waiting; it stays due.
          failed.add(id);
          this.logger.error({ err: error, bookingId: id }, 'due reviews could not be published');
        }
      }
      if (fresh.length < batch) return;
    }
  }

  /** False when somebody else is at it. */
  private async publishOne(bookingId: string): Promise<boolean> {
    return await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const stay = await em.findOne(
        Stay,
        { bookingId, dueAt: { $lte: now } },
        { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
      );
      if (!stay) return false;
      await this.publish(em, stay, now);
      return true;
    });
  }
}
