import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Outbox } from '@roost/messaging';
import type { Review } from '../review/review.entity.js';
import { counted } from './domain/rating.js';
import { Rating } from './rating.entity.js';

/** Keeps the totals, in the transaction that shows or hides a review. */
@Injectable()
export class RatingService {
  constructor(private readonly outbox: Outbox) {}

  /** An external review has nothing to count. */
  async count(em: EntityManager, review: Review, sign: 1 | -1): Promise<void> {
    const { overall, categories, subjectId } = review;
    if (overall === null || categories === null) return;
    // Two that meet at the first review: the later one fails here and is run again.
    await em.execute(
      `INSERT INTO rating (subject_id, count, overall_sum, category_sums, histogram)
       VALUES (?, 0, 0, '{}', '[0, 0, 0, 0, 0]') ON CONFLICT (subject_id) DO NOTHING`,
      [subjectId],
    );
    const rating = await em.findOneOrFail(Rating, { subjectId });
    Object.assign(rating, counted(rating, { overall, categories }, sign));
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
