import { nextPoll } from './poll-time.js';

const now = new Date('2027-03-02T12:00:00Z');
const minutes = (failures: number, random: number) =>
  (nextPoll(now, failures, random).getTime() - now.getTime()) / 60_000;

test.each([
  [0, 13.5, 16.5],
  [1, 27, 33],
  [2, 54, 66],
  [4, 216, 264],
  [5, 324, 396],
  [1_000, 324, 396],
])('after %i failures polls in %d to %d minutes', (failures, min, max) => {
  expect(minutes(failures, 0)).toBe(min);
  expect(minutes(failures, 1)).toBeCloseTo(max, 5);
});
