import fc from 'fast-check';
import { CATEGORIES_OF } from '../../criteria/domain/scores.js';
import { adjustTotals, mean, NO_TOTALS, type Totals } from './rating.js';

const stars = fc.integer({ min: 1, max: 5 });
const aReview = fc.record({
  overall: stars,
  categories: fc.record(
    Object.fromEntries(CATEGORIES_OF.guest_to_listing.map((category) => [category, stars])),
  ),
});
type Review = { overall: number; categories: Record<string, number> };

/** Computes the totals from the definition, independently of the code under test. */
function totalsOf(reviews: readonly Review[]): Totals {
  const categorySums: Record<string, number> = {};
  for (const { categories } of reviews) {
    for (const [name, score] of Object.entries(categories))
      categorySums[name] = (categorySums[name] ?? 0) + score;
  }
  return {
    count: reviews.length,
    overallSum: reviews.reduce((sum, { overall }) => sum + overall, 0),
    categorySums,
    histogram: [1, 2, 3, 4, 5].map((star) => reviews.filter(({ overall }) => overall === star).length),
  };
}

test('keeps the totals of the visible reviews under any sequence of showing and hiding', () => {
  fc.assert(
    fc.property(
      fc.array(aReview, { maxLength: 30 }),
      fc.array(fc.nat(29), { maxLength: 60 }),
      (generated, toggles) => {
        const reviews = generated as Review[];
        const visible = new Set<Review>();
        let totals = NO_TOTALS;
        for (const index of toggles) {
          const review = reviews[index];
          if (!review) continue;
          const sign = visible.has(review) ? -1 : 1;
          if (sign === 1) visible.add(review);
          else visible.delete(review);
          totals = adjustTotals(totals, review, sign);
        }
        expect(totals).toEqual(totalsOf([...visible]));
      },
    ),
  );
});

test.each([
  [14, 3, 4.67],
  [9, 2, 4.5],
  [5, 1, 5],
  [899, 200, 4.5],
  [897, 200, 4.49],
])('rounds a sum of %d over %d reviews to %d', (sum, count, expected) => {
  expect(mean(sum, count)).toBe(expected);
});
