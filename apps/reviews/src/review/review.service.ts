import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { requireActiveAccount } from '@roost/accounts';
import { Transactions } from '@roost/messaging';
import { type AuthUser, etagOf, Idempotency, requireMatch } from '@roost/http';
import { Clock, invalidField, Problem, uuidv7 } from '@roost/platform';
import type { Direction } from '../criteria/domain/direction.js';
import { findCategoryFault, type Scores } from '../criteria/domain/scores.js';
import { ReviewableStay } from '../reviewable-stay/reviewable-stay.entity.js';
import { ReviewPublisherService } from './review-publisher.service.js';
import { toSingleView } from './review-views.js';
import type { EditReview, ReviewView, WriteReview } from './review.dto.js';
import { Review } from './review.entity.js';
import { findVisible } from './review.queries.js';

@Injectable()
export class ReviewService {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly publisher: ReviewPublisherService,
    private readonly clock: Clock,
  ) {}

  /** Stores a review. The second review of a stay publishes both. */
  write(author: AuthUser, bookingId: string, input: WriteReview): Promise<ReviewView> {
    return this.idempotency.runOnce(async (em) => {
      const now = this.clock.now();
      await requireActiveAccount(em, author.id);
      const stay = await em.findOne(ReviewableStay, { bookingId });
      const direction = stay?.directionOf(author.id);
      if (!stay || !direction) throw new Problem('booking.not_found');
      requireReviewable(stay, direction, now);
      requireRatedCategories(direction, input.categories);
      if (direction === 'guest_to_listing') stay.guestReviewed = true;
      else stay.hostReviewed = true;
      stay.dueAt = stay.closesAt;
      // The row of the stay first: of two concurrent reviews the later one is retried and finds the other one.
      await em.flush();
      const review = createReview(stay, direction, input, now);
      em.persist(review);
      await em.flush();
      if (stay.guestReviewed && stay.hostReviewed) await this.publisher.publish(em, stay, now);
      return await toSingleView(em, review, author);
    });
  }

  /** Changes a review before its publication. */
  edit(author: AuthUser, id: string, input: EditReview): Promise<ReviewView> {
    return this.transactions.run(async (em) => {
      await requireActiveAccount(em, author.id);
      const { review, stay } = await findOwnReview(em, author, id);
      requireMatch(etagOf(await toSingleView(em, review, author), author.id));
      if (review.publishedAt !== null || stay.closesAt === null || this.clock.now() >= stay.closesAt) {
        throw new Problem('review.already_published');
      }
      if (input.categories) {
        requireRatedCategories(review.direction, input.categories);
        review.categories = input.categories;
      }
      review.overall = input.overall ?? review.overall;
      review.text = input.text ?? review.text;
      await em.flush();
      return await toSingleView(em, review, author);
    });
  }
}

function createReview(stay: ReviewableStay, direction: Direction, input: WriteReview, now: Date): Review {
  const byGuest = direction === 'guest_to_listing';
  const review = new Review();
  review.id = uuidv7();
  review.bookingId = stay.bookingId;
  review.listingId = stay.listingId;
  review.direction = direction;
  review.authorId = byGuest ? stay.guestId : stay.hostId;
  review.recipientId = byGuest ? stay.hostId : stay.guestId;
  review.subjectId = byGuest ? stay.listingId : stay.guestId;
  review.overall = input.overall;
  review.categories = input.categories;
  review.text = input.text;
  review.writtenAt = now;
  return review;
}

function requireReviewable(stay: ReviewableStay, direction: Direction, now: Date): void {
  const isReviewed = direction === 'guest_to_listing' ? stay.guestReviewed : stay.hostReviewed;
  if (isReviewed) throw new Problem('review.already_written');
  if (stay.closesAt === null) throw new Problem('review.not_eligible');
  if (now >= stay.closesAt) throw new Problem('review.window_closed');
}

function requireRatedCategories(direction: Direction, scores: Scores): void {
  const fault = findCategoryFault(direction, scores);
  if (!fault) return;
  const author = direction === 'guest_to_listing' ? 'guest' : 'host';
  throw invalidField(
    `/categories/${fault.category}`,
    fault.reason === 'missing'
      ? `Required in a review by a ${author}`
      : `Not allowed in a review by a ${author}`,
  );
}

async function findOwnReview(
  em: EntityManager,
  author: AuthUser,
  id: string,
): Promise<{ review: Review; stay: ReviewableStay }> {
  const review = await findVisible(em, id, author);
  if (review?.authorId !== author.id || review.bookingId === null) throw new Problem('review.not_found');
  return { review, stay: await em.findOneOrFail(ReviewableStay, { bookingId: review.bookingId }) };
}
