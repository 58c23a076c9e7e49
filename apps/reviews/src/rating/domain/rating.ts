import { CATEGORIES, type Scores } from '../../review/domain/scores.js';

export interface Totals {
  readonly count: number;
  readonly overallSum: number;
  readonly categorySums: Readonly<Record<string, number>>;
  /** How many gave 1, 2, 3, 4, 5. */
  readonly histogram: readonly number[];
}

export const NO_TOTALS: Totals = {
  count: 0,
  overallSum: 0,
  categorySums: {},
  histogram: [0, 0, 0, 0, 0],
};

/** One review more (`sign` 1) or less (-1). */
export function counted(
  totals: Totals,
  review: { overall: number; categories: Scores },
  sign: 1 | -1,
): Totals {
  const categorySums: Record<string, number> = {};
  for (const category of CATEGORIES) {
    const sum = (totals.categorySums[category] ?? 0) + sign * (review.categories[category] ?? 0);
    // A review gives at least 1, so nothing is left of a category only when no review is.
    if (sum > 0) categorySums[category] = sum;
  }
  return {
    count: totals.count + sign,
    overallSum: totals.overallSum + sign * review.overall,
    categorySums,
    histogram: totals.histogram.map((given, index) => (index === review.overall - 1 ? given + sign : given)),
  };
}

/** To the hundredth. */
export function mean(sum: number, count: number): number {
  return Math.round((sum * 100) / count) / 100;
}
