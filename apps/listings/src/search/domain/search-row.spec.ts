import { DEFAULT_STAY_RULES } from '@roost/pricing';
import { cityKey, leastNights, ratingOrder, score } from './search-row.js';

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

test.each([
  [1, 100],
  [4.35, 435],
  [4.351, 436],
  [4.5, 450],
  [4.29, 429],
  [5, 500],
])('a mean of at least %d is one of %d hundredths', (mean, hundredths) => {
  expect(ratingOrder(mean)).toBe(hundredths * 1_000_000);
});
