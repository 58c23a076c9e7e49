import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Outbox } from '@roost/messaging';
import { adjustTotals, type RatedReview } from './domain/rating.js';
import { Rating } from './rating.entity.js';
import { insertEmptyRating } from './rating.queries.js';

/** Updates ratings in the transaction that shows or hides a review. */
@Injectable()
export class RatingService {
  constructor(private readonly outbox: Outbox) {}

  /** Adds a review to the rating of its subject (`sign` 1), or removes it (-1). Does nothing for an external review. */
  async adjust(em: EntityManager, review: RatedReview, sign: 1 | -1): Promise<void> {
    const { overall, categories, subjectId } = review;
    if (overall === null || categories === null) return;
    await insertEmptyRating(em, subjectId);
    const rating = await em.findOneOrFail(Rating, { subjectId });
    Object.assign(rating, adjustTotals(rating, { overall, categories }, sign));
    await em.flush();
    if (review.direction !== 'guest_to_listing') return;
    await this.outbox.add(
      em,
      'rating.changed',
      {
        listingId: subjectId,
        count: rating.count,
        overallSum: rating.overallSum,
        categorySums: rating.categorySums,
        histogram: rating.histogram,
      },
      { version: rating.version },
    );
  }
}
