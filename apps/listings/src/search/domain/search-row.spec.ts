import { DEFAULT_STAY_RULES } from '@roost/pricing';
import { cityKey, leastNights, score } from './search-row.js';

test.each([
  ['Albany', 'albany'],
  ['  São   Paulo ', 'sao paulo'],
  ['ZÜRICH', 'zurich'],
  ['Zu\u0308rich', 'zurich'],
])('the city %p is looked up as %p', (city, key) => {
  expect(cityKey(city)).toBe(key);
});

test('the fewest nights that any rule allows', () => {
  expect(leastNights(DEFAULT_STAY_RULES)).toBe(1);
  expect(leastNights({ ...DEFAULT_STAY_RULES, minNights: 4 })).toBe(4);
  expect(leastNights({ ...DEFAULT_STAY_RULES, minNights: 4, minNightsByWeekday: { fri: 2 } })).toBe(2);
  expect(
    leastNights({
      ...DEFAULT_STAY_RULES,
      minNights: 4,
      minNightsOverrides: [{ from: '2027-01-01', to: '2027-02-01', minNights: 3 }],
    }),
  ).toBe(3);
});

test('the score of a listing is from 0 to 100', () => {
  const poor = { description: '', photos: [], amenities: [], bookingMode: 'request' } as const;
  const rich = {
    description: 'x'.repeat(5000),
    photos: Array.from({ length: 50 }, () => ({})),
    amenities: Array.from({ length: 90 }, () => ({})),
    bookingMode: 'instant',
  } as const;
  expect(score(poor)).toBe(0);
  expect(score(rich)).toBe(100);
});
