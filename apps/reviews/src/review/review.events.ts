import type { EventBody } from '@roost/contracts';
import type { Review } from './review.entity.js';

/** The body of all events of a review. Throws a TypeError for an external review, which has no events. */
export function toReviewEvent(review: Review): EventBody<'review.published'> {
  const { id, bookingId, listingId, authorId, subjectId, direction } = review;
  if (bookingId === null || authorId === null) throw new TypeError('an external review has no events');
  return { reviewId: id, bookingId, listingId, authorId, subjectId, direction };
}
