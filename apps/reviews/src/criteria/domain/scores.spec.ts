import { CATEGORIES, CATEGORIES_OF, findCategoryFault } from './scores.js';

const rateAll = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 3]));

test.each(['guest_to_listing', 'host_to_guest'] as const)(
  'accepts exactly the required categories for %s',
  (direction) => {
    const required = CATEGORIES_OF[direction];
    expect(findCategoryFault(direction, rateAll(required))).toBeNull();
    for (const category of CATEGORIES) {
      const { [category]: score, ...others } = rateAll(required);
      const isRequired = score !== undefined;
      const scores = isRequired ? others : { ...others, [category]: 3 };
      expect(findCategoryFault(direction, scores)).toEqual({
        category,
        reason: isRequired ? 'missing' : 'not_applicable',
      });
    }
  },
);
