import { announcedAfter } from './announced-problem.js';

test.each([
  ['a problem that begins', 'unreadable_dates', null, 'unreadable_dates'],
  ['a problem that lasts', 'unreadable_dates', 'unreadable_dates', 'unreadable_dates'],
  ['a check without a problem', null, 'unreadable_dates', null],
  ['a server that is down', 'timed_out', null, null],
  ['a server that is down during an announced problem', 'timed_out', 'unreadable_dates', 'unreadable_dates'],
] as const)('after %s', (_, problem, before, announced) => {
  expect(announcedAfter(problem, before)).toBe(announced);
});
