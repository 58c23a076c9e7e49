import type { EventBody } from '@roost/contracts';
import type { Review } from './review.entity.js';

/** What every event of a review says. External ones belong to no booking and have none. */
export function factsOf(review: Review): EventBody<'review.published'> {
  const { id, bookingId, listingId, authorId, subjectId, direction } = review;
  if (bookingId === null || authorId === null) throw new TypeError('an external review has no events');
  return { reviewId: id, bookingId, listingId, authorId, subjectId, direction };
}
