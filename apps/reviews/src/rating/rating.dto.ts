import { z } from 'zod';
import { type Category, CATEGORIES } from '../criteria/domain/scores.js';
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
      .meta({ id: 'CategoryMeans', description: 'The mean of each rated category.' }),
    histogram: z
      .array(z.int())
      .length(5)
      .meta({ description: 'The numbers of ratings with 1, 2, 3, 4 and 5 stars.' }),
  })
  .meta({ id: 'RatingDetails' });
export type RatingView = z.output<typeof RatingView>;

/** Null for a subject without ratings. */
export function toRatingView(totals: Totals | null): RatingView | null {
  if (totals === null || totals.count === 0) return null;
  const { count, overallSum, categorySums, histogram } = totals;
  const rated = CATEGORIES.filter((category) => categorySums[category] !== undefined);
  return {
    mean: mean(overallSum, count),
    count,
    categories: Object.fromEntries(rated.map((name) => [name, mean(categorySums[name] ?? 0, count)])),
    histogram: [...histogram],
  };
}
