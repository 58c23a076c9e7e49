import fc from 'fast-check';
import { CATEGORIES_OF } from '../../review/domain/scores.js';
import { counted, mean, NO_TOTALS, type Totals } from './rating.js';

const stars = fc.integer({ min: 1, max: 5 });
const aReview = fc.record({
  overall: stars,
  categories: fc.record(
    Object.fromEntries(CATEGORIES_OF.guest_to_listing.map((category) => [category, stars])),
  ),
});
type Given = { overall: number; categories: Record<string, number> };

/** By the definition, from all that is there: shares nothing with the code under test. */
function recounted(reviews: readonly Given[]): Totals {
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

test('whatever is shown and hidden in whatever order, the totals are those of what is shown', () => {
  fc.assert(
    fc.property(
      fc.array(aReview, { maxLength: 30 }),
      fc.array(fc.nat(29), { maxLength: 60 }),
      (all, toggles) => {
        const given = all as Given[];
        const shown = new Set<Given>();
        let totals = NO_TOTALS;
        for (const index of toggles) {
          const review = given[index];
          if (!review) continue;
          const sign = shown.has(review) ? -1 : 1;
          if (sign === 1) shown.add(review);
          else shown.delete(review);
          totals = counted(totals, review, sign);
        }
        expect(totals).toEqual(recounted([...shown]));
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
])('%d stars of %d are %d', (sum, count, expected) => {
  expect(mean(sum, count)).toBe(expected);
});
