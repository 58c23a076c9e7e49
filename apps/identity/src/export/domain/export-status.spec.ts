import { expiryOf, statusOf } from './export-status.js';

const requestedAt = new Date('2031-05-04T10:00:00Z');
const at = (hours: number) => new Date(requestedAt.getTime() + hours * 3_600_000);
const status = (readyAt: Date | null, now: Date) =>
  statusOf({ requestedAt, readyAt, expiresAt: expiryOf(requestedAt) }, now);

test.each([
  ['pending', null, 0],
  ['pending', null, 71],
  ['failed', null, 72],
  ['failed', null, 1000],
  ['ready', 1, 1],
  ['ready', 71, 167],
  ['expired', 1, 168],
] as const)('is %s when ready after %p hours, and read after %p', (expected, ready, hours) => {
  expect(status(ready === null ? null : at(ready), at(hours))).toBe(expected);
});
