import { DEFAULT_STAY_RULES } from '@roost/pricing';
import { cityKey, smallestMinNights, ratingOrder, score } from './search-row.js';

test.each([
  ['Albany', 'albany'],
  ['  São   Paulo ', 'sao paulo'],
  ['ZÜRICH', 'zurich'],
  ['Zu\u0308rich', 'zurich'],
  ['L’Aquila', "l'aquila"],
  ['L`Aquila', "l'aquila"],
  ['LʼAquila', "l'aquila"],
  ['L´Aquila', "l'aquila"],
  ['L＇AQUILA', "l'aquila"],
  ['Saint‑Denis', 'saint-denis'],
  ['Saint–Denis', 'saint-denis'],
  ['Saint\u00ad-Denis', 'saint-denis'],
])('normalizes the city %p to %p', (city, key) => {
  expect(cityKey(city)).toBe(key);
});

test('returns the smallest minimum stay of all rules', () => {
  expect(smallestMinNights(DEFAULT_STAY_RULES)).toBe(1);
  expect(smallestMinNights({ ...DEFAULT_STAY_RULES, minNights: 4 })).toBe(4);
  expect(smallestMinNights({ ...DEFAULT_STAY_RULES, minNights: 4, minNightsByWeekday: { fri: 2 } })).toBe(2);
  expect(
    smallestMinNights({
      ...DEFAULT_STAY_RULES,
      minNights: 4,
      minNightsOverrides: [{ from: '2027-01-01', to: '2027-02-01', minNights: 3 }],
    }),
  ).toBe(3);
});

test('scores listings from 0 to 100', () => {
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
])('converts a minimum mean of %d to %d hundredths', (mean, hundredths) => {
  expect(ratingOrder(mean)).toBe(hundredths * 1_000_000);
});
