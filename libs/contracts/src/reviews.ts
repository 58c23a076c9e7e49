import { z } from 'zod';
import { Id, topic } from './define.js';

/** No event is published before both sides have written a review or the review period has ended. */
export const reviewEvents = topic(
  { topic: 'reviews.review', kind: 'fact', key: 'reviewId' },
  {
    reviewId: Id,
    bookingId: Id,
    listingId: Id,
    authorId: Id,
    /** The reviewed listing or guest. */
    subjectId: Id,
    direction: z.enum(['guest_to_listing', 'host_to_guest']),
  },
  {
    'review.published': {},
    'review.hidden': {},
    'review.restored': {},
    'review.replied': {},
    /** An administrator has hidden the reply, not the review. */
    'review.reply-hidden': {},
  },
);

/** Imported reviews have no booking and no account of an author, so they have none of the events above. */
export const externalReviewEvents = topic(
  { topic: 'reviews.external-review', kind: 'fact', key: 'reviewId' },
  { reviewId: Id, listingId: Id },
  { 'external-review.hidden': {} },
);

export const ratingEvents = topic(
  { topic: 'reviews.rating', kind: 'state', key: 'listingId' },
  {
    listingId: Id,
    count: z.int().min(0),
    overallSum: z.int().min(0),
    categorySums: z.record(z.string(), z.int().min(0)),
    /** The number of reviews with 1, 2, 3, 4 and 5 stars. */
    histogram: z.array(z.int().min(0)).length(5),
  },
  { 'rating.changed': {} },
);
