import { z } from 'zod';
import { Id, topic } from './define.js';

/** Nothing is published before both sides have written or the window has closed. */
export const reviewEvents = topic(
  { topic: 'reviews.review', kind: 'fact', key: 'reviewId' },
  {
    reviewId: Id,
    bookingId: Id,
    listingId: Id,
    authorId: Id,
    /** The listing, or the guest. */
    subjectId: Id,
    direction: z.enum(['guest_to_listing', 'host_to_guest']),
  },
  { 'review.published': {}, 'review.hidden': {}, 'review.restored': {}, 'review.replied': {} },
);

export const ratingEvents = topic(
  { topic: 'reviews.rating', kind: 'state', key: 'listingId' },
  {
    listingId: Id,
    count: z.int().min(0),
    overallSum: z.int().min(0),
    categorySums: z.record(z.string(), z.int().min(0)),
    /** How many gave 1, 2, 3, 4, 5. */
    histogram: z.array(z.int().min(0)).length(5),
  },
  { 'rating.changed': {} },
);
