import { CATEGORIES, CATEGORIES_OF, wrongCategory } from './scores.js';

const all = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 3]));

test.each(['guest_to_listing', 'host_to_guest'] as const)('%s: exactly what is asked', (direction) => {
  const asked = CATEGORIES_OF[direction];
  expect(wrongCategory(direction, all(asked))).toBeNull();
  for (const category of CATEGORIES) {
    const { [category]: given, ...others } = all(asked);
    const expected = given === undefined ? { category, wrong: 'not_asked' } : { category, wrong: 'missing' };
    const changed = given === undefined ? { ...others, [category]: 3 } : others;
    expect(wrongCategory(direction, changed)).toEqual(expected);
  }
});
