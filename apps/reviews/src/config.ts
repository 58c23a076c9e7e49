import { z } from 'zod';

const days = (standard: number, what: string) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(standard)
    .meta({ description: `${what}, from 1 to 365 days` });

export const ReviewsConfig = z.object({
  REVIEW_WINDOW_DAYS: days(
    14,
    'how long after check-out both sides may review, and when one that is alone appears',
  ),
  REVIEW_REPLY_DAYS: days(30, 'how long after its publication a review may be answered'),
});
