import { z } from 'zod';
import { type Category, CATEGORIES } from '../review/domain/scores.js';
import { mean, type Totals } from './domain/rating.js';

const Mean = z.number().min(1).max(5);
const categoryMeans = Object.fromEntries(CATEGORIES.map((name) => [name, Mean.optional()])) as Record<
  Category,
  z.ZodOptional<typeof Mean>
>;

export const RatingView = z
  .object({
    mean: Mean,
    count: z.int(),
    categories: z
      .object(categoryMeans)
      .meta({ id: 'CategoryMeans', description: 'The mean of each category that was asked for' }),
    histogram: z.array(z.int()).length(5).meta({ description: 'How many gave 1, 2, 3, 4 and 5' }),
  })
  .meta({ id: 'RatingDetails' });
export type RatingView = z.output<typeof RatingView>;

/** Null without reviews: no mean is better than an invented one. */
export function toRatingView(totals: Totals | null): RatingView | null {
  if (totals === null || totals.count === 0) return null;
  const { count, overallSum, categorySums, histogram } = totals;
  const asked = CATEGORIES.filter((category) => categorySums[category] !== undefined);
  return {
    mean: mean(overallSum, count),
    count,
    categories: Object.fromEntries(asked.map((name) => [name, mean(categorySums[name] ?? 0, count)])),
    histogram: [...histogram],
  };
}
