import { golden, optionalFields, unlikeGolden } from './golden.js';

const changed = golden('booking.change-accepted');

test('a fixture is like itself', () => {
  expect(unlikeGolden('booking.change-accepted', changed)).toEqual([]);
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
])('%s that is missing is told by its place', (_, difference, body) => {
  expect(unlikeGolden('booking.change-accepted', body).join()).toContain(difference);
});

test.each<[string, string, unknown]>([
  ['at the top', 'says /note', { ...changed, note: '' }],
  [
    'deep inside',
    'says /terms/guests/dogs',
    { ...changed, terms: { ...changed.terms, guests: { ...changed.terms.guests, dogs: 1 } } },
  ],
])('a field that no contract knows, %s, is told by its place', (_, difference, body) => {
  expect(unlikeGolden('booking.change-accepted', body).join()).toContain(difference);
});

test('the keys of a map are data', () => {
  const listing = golden('listing.published');
  const body = { ...listing, stayRules: { ...listing.stayRules, minNightsByWeekday: { mon: 3 } } };
  expect(unlikeGolden('listing.published', body)).toEqual([]);
});

test('another type of value is told', () => {
  expect(unlikeGolden('booking.change-accepted', { ...changed, differenceMinor: '1' }).join()).toMatch(
    /is refused.*differenceMinor/s,
  );
  expect(unlikeGolden('booking.vanished', {})).toEqual(['booking.vanished is no event']);
});

test('a field of today that older events lack is optional', () => {
  expect(optionalFields('booking.change-accepted')).toEqual(['newTotals']);
  expect(optionalFields('message.sent')).toEqual(['listingId']);
  expect(optionalFields('calendar.changed')).toEqual([]);
});

function without<T extends object>(value: T, name: keyof T): Partial<T> {
  const { [name]: _, ...rest } = value;
  return rest as Partial<T>;
}
