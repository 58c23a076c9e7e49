import { z } from 'zod';

const days = (defaultDays: number, description: string) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(defaultDays)
    .meta({ description: `${description}, from 1 to 365 days` });

export const ReviewsConfig = z.object({
  REVIEW_WINDOW_DAYS: days(
    14,
    'the time after check-out in which both sides may review; at its end a single review is published',
  ),
  REVIEW_REPLY_DAYS: days(30, 'the time after publication in which a review can be replied to'),
  REPORT_RETENTION_DAYS: z.coerce.number().int().min(30).max(36_500).default(730).meta({
    description:
      'the number of days after its decision for which the comment of a report is stored, from 30 to 36500',
  }),
});
