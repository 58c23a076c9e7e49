import type { Direction } from '../../criteria/domain/direction.js';
import { CATEGORIES, type Scores } from '../../criteria/domain/scores.js';

/** The totals of the visible reviews of one listing or guest. */
export interface Totals {
  readonly count: number;
  readonly overallSum: number;
  readonly categorySums: Readonly<Record<string, number>>;
  /** The numbers of reviews with 1, 2, 3, 4 and 5 stars. */
  readonly histogram: readonly number[];
}

/** The part of a review that a rating counts. External reviews have neither stars nor categories. */
export interface RatedReview {
  readonly subjectId: string;
  readonly direction: Direction;
  readonly overall: number | null;
  readonly categories: Scores | null;
}

export const NO_TOTALS: Totals = {
  count: 0,
  overallSum: 0,
  categorySums: {},
  histogram: [0, 0, 0, 0, 0],
};

/** Adds a review to the totals (`sign` 1), or removes it (-1). */
export function adjustTotals(
  totals: Totals,
  review: { overall: number; categories: Scores },
  sign: 1 | -1,
): Totals {
  const categorySums: Record<string, number> = {};
  for (const category of CATEGORIES) {
    const sum = (totals.categorySums[category] ?? 0) + sign * (review.categories[category] ?? 0);
    // Every score is at least 1, so a sum of 0 means that no review rates this category.
    if (sum > 0) categorySums[category] = sum;
  }
  return {
    count: totals.count + sign,
    overallSum: totals.overallSum + sign * review.overall,
    categorySums,
    histogram: totals.histogram.map((count, index) => (index === review.overall - 1 ? count + sign : count)),
  };
}

/** Rounded to hundredths. */
export function mean(sum: number, count: number): number {
  return Math.round((sum * 100) / count) / 100;
}
