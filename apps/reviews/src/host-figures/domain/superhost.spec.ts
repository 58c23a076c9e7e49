import { type HostYear, isSuperhost, responseRate, shownResponseMinutes } from './superhost.js';

/** Meets each condition exactly. */
const year: HostYear = {
  completedStays: 10,
  completedNights: 20,
  hostCancellations: 0,
  responsesDue: 10,
  responsesInTime: 9,
  ratings: 5,
  overallSum: 24,
};

test.each<[string, Partial<HostYear>, boolean]>([
  ['10 stays', {}, true],
  ['9 stays', { completedStays: 9, completedNights: 99 }, false],
  ['3 stays of 100 nights', { completedStays: 3, completedNights: 100 }, true],
  ['3 stays of 99 nights', { completedStays: 3, completedNights: 99 }, false],
  ['2 stays of 100 nights', { completedStays: 2, completedNights: 100 }, false],
  ['a mean below 4.8', { ratings: 100, overallSum: 479 }, false],
  ['a mean of 4.8 over many ratings', { ratings: 100, overallSum: 480 }, true],
  ['no rating', { ratings: 0, overallSum: 0 }, false],
  ['89 % of responses in time', { responsesDue: 100, responsesInTime: 89 }, false],
  ['90 % of responses in time', { responsesDue: 100, responsesInTime: 90 }, true],
  ['no response due', { responsesDue: 0, responsesInTime: 0 }, true],
  ['one cancellation in 100 bookings', { completedStays: 99, hostCancellations: 1 }, false],
  ['one cancellation in 101 bookings', { completedStays: 100, hostCancellations: 1 }, true],
])('a host with %s: %j is a superhost: %j', (_, other, expected) => {
  expect(isSuperhost({ ...year, ...other })).toBe(expected);
});

test.each([
  [4, 4, null],
  [5, 5, 1],
  [5, 0, 0],
  [7, 6, 0.85],
  [1000, 999, 0.99],
])(
  'the response rate of %d responses due and %d in time is %j',
  (responsesDue, responsesInTime, expected) => {
    expect(responseRate({ responsesDue, responsesInTime })).toBe(expected);
  },
);

test('shows the median response time from five responses on', () => {
  expect(shownResponseMinutes(4, 60)).toBeNull();
  expect(shownResponseMinutes(5, 60)).toBe(60);
  expect(shownResponseMinutes(5, null)).toBeNull();
});
