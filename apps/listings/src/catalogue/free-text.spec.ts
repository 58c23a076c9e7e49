import { AMENITY_NAMES } from './amenity-names.fixture.js';
import { CATALOGUES } from './catalogue.dto.js';
import { amenityCode, propertyTypeCode } from './free-text.js';

test.each([
  ['Wifi', 'wifi'],
  ['Fast wifi – 200 Mbps', 'wifi'],
  ['65 inch HDTV with Netflix', 'tv'],
  ['Washer', 'washer'],
  ['Free dryer – In unit', 'dryer'],
  ['Hair dryer', 'hair_dryer'],
  ['Shared outdoor pool', 'pool'],
  ['Pool table', 'pool_table'],
  ['Pool view', 'pool_view'],
  ['Pack ’n play/Travel crib - available upon request', 'crib'],
  ['Children\u2019s books and toys for ages 0-2 years old', 'children_books_and_toys'],
  ['Lave-linge', 'washer'],
  ['dedicated_workspace', 'workspace'],
  ['Crème brûlée torch', 'creme_brulee_torch'],
  ['✨', ''],
  ['No smoking allowed', 'no_smoking_allowed'],
])('the amenity %s is %s', (text, code) => {
  expect(amenityCode(text)).toBe(code);
});

test.each([
  ['rental unit', 'apartment'],
  ['Entire home', 'house'],
  ['Private room in tiny home', 'tiny_home'],
  ['Room in boutique hotel', 'boutique_hotel'],
  ['Camper/RV', 'camper'],
  ['treehouse', 'treehouse'],
])('the property type %s is %s', (text, code) => {
  expect(propertyTypeCode(text)).toBe(code);
});

test.each([
  ['amenities', CATALOGUES.amenities, amenityCode],
  ['property types', CATALOGUES.propertyTypes, propertyTypeCode],
] as const)('every code, label and alias of the %s means its own item', (_, items, codeOf) => {
  const names = items.flatMap(({ code, labels, aliases }) =>
    [code, labels.en, labels.fr, ...aliases].map((name) => ({ name, code })),
  );
  expect(names.map(({ name }) => ({ name, code: codeOf(name) }))).toEqual(names);
  for (const { code } of items) expect(code).toMatch(/^[a-z0-9][a-z0-9_]{0,39}$/);
});

test('at least 99 % of the amenities in imported listings are in the catalogue', () => {
  const codes = new Set(CATALOGUES.amenities.map(({ code }) => code));
  const sum = (names: typeof AMENITY_NAMES) => names.reduce((total, [, listings]) => total + listings, 0);
  const mapped = AMENITY_NAMES.filter(([name]) => codes.has(amenityCode(name)));
  expect(sum(mapped) / sum(AMENITY_NAMES)).toBeGreaterThan(0.99);
});
