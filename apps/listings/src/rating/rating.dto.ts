import { z } from 'zod';

export const RatingShape = z.object({ mean: z.number().min(1).max(5), count: z.int().min(1) }).meta({
  id: 'Rating',
  description: 'The mean of the overall stars, rounded to hundredths, and the number of ratings.',
});
export type RatingShape = z.output<typeof RatingShape>;

/** Null for a listing without ratings. */
export function toRating(count: number, sum: number): RatingShape | null {
  return count === 0 ? null : { mean: Math.round((sum * 100) / count) / 100, count };
}
