import { golden, optionalFields, goldenDifferences } from './golden.js';

const changed = golden('booking.change-accepted');

test('a fixture has no differences from itself', () => {
  expect(goldenDifferences('booking.change-accepted', changed)).toEqual([]);
});

test.each<[string, string, unknown]>([
  ['a field', 'lacks /outcome', without(changed, 'outcome')],
  ['a field of an object', 'lacks /terms/guests', { ...changed, terms: without(changed.terms, 'guests') }],
  [
    'a field of an item deep inside',
    'lacks /terms/guests/children/0/age',
    { ...changed, terms: { ...changed.terms, guests: { ...changed.terms.guests, children: [{}] } } },
  ],
  [
    'a field of a later item of a list',
    'lacks /lines/1/date',
    { ...changed, lines: [changed.lines[0], without(changed.lines[1]!, 'date')] },
  ],
  ['an object', 'lacks /terms', { ...changed, terms: 'as before' }],
  ['a list', 'lacks /lines', { ...changed, lines: {} }],
])('reports the pointer of a missing field: %s', (_, difference, body) => {
  expect(goldenDifferences('booking.change-accepted', body).join()).toContain(difference);
});

test.each<[string, string, unknown]>([
  ['at the top', 'has /note', { ...changed, note: '' }],
  [
    'deep inside',
    'has /terms/guests/dogs',
    { ...changed, terms: { ...changed.terms, guests: { ...changed.terms.guests, dogs: 1 } } },
  ],
])('reports the pointer of a field that is not in the contract: %s', (_, difference, body) => {
  expect(goldenDifferences('booking.change-accepted', body).join()).toContain(difference);
});

test('ignores the keys of a map', () => {
  const listing = golden('listing.published');
  const body = { ...listing, stayRules: { ...listing.stayRules, minNightsByWeekday: { mon: 3 } } };
  expect(goldenDifferences('listing.published', body)).toEqual([]);
});

test('reports a value of another type', () => {
  expect(goldenDifferences('booking.change-accepted', { ...changed, differenceMinor: '1' }).join()).toMatch(
    /is rejected.*differenceMinor/s,
  );
  expect(goldenDifferences('booking.vanished', {})).toEqual(['booking.vanished is not an event']);
});

test('returns the fields that older events lack', () => {
  expect(optionalFields('booking.change-accepted')).toEqual(['newTotals']);
  expect(optionalFields('message.sent')).toEqual(['listingId']);
  expect(optionalFields('calendar.changed')).toEqual([]);
});

function without<T extends object>(value: T, name: keyof T): Partial<T> {
  const { [name]: _, ...rest } = value;
  return rest as Partial<T>;
}
