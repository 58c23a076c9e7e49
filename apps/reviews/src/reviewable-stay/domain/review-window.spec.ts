import { isReviewableCancellation, windowEnd } from './review-window.js';

test.each([
  ['2027-05-12T15:00:00Z', 'America/New_York', 14, '2027-05-26T15:00:00.000Z'],
  ['2027-10-31T15:00:00Z', 'America/New_York', 14, '2027-11-14T16:00:00.000Z'],
  ['2027-03-14T10:00:00Z', 'Europe/Lisbon', 14, '2027-03-28T09:00:00.000Z'],
  ['2027-12-25T02:00:00Z', 'Asia/Tokyo', 7, '2028-01-01T02:00:00.000Z'],
])('with check-out at %s in %s, the window of %d days ends at %s', (checkOutAt, timeZone, days, end) => {
  expect(windowEnd({ checkOutAt, timeZone }, days).toISOString()).toBe(end);
});

test.each([
  ['host', '2027-05-10T00:00:00-04:00', true],
  ['host', '2027-05-09T23:59:59-04:00', false],
  ['host', '2027-05-11T12:00:00-04:00', true],
  ['guest', '2027-05-11T12:00:00-04:00', false],
  ['admin', '2027-05-11T12:00:00-04:00', false],
] as const)('a cancellation by the %s at %s is reviewable: %s', (by, at, expected) => {
  const booking = { by, checkInDate: '2027-05-10', timeZone: 'America/New_York' };
  expect(isReviewableCancellation(booking, new Date(at))).toBe(expected);
});
