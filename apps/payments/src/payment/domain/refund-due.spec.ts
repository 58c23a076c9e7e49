import { causeOfRetry, offsetLosses } from './refund-due.js';

const losses = (disputeLostMinor: number, disputeOffsetMinor = 0) => ({
  disputeLostMinor,
  disputeOffsetMinor,
});

describe('offsetLosses', () => {
  test.each([
    ['no loss', [losses(0)], 50, 50, [0]],
    ['a smaller loss', [losses(30)], 50, 20, [30]],
    ['a larger loss', [losses(80)], 50, 0, [50]],
    ['a loss that was used before', [losses(30, 30)], 50, 50, [0]],
    ['a loss that was used in part', [losses(30, 20)], 50, 40, [10]],
    ['the losses of several payments', [losses(30), losses(0), losses(40)], 50, 0, [30, 0, 20]],
    ['no refund', [losses(30)], 0, 0, [0]],
  ])('%s', (_name, payments, due, dueMinor, offsets) => {
    expect(offsetLosses(payments, due)).toEqual({ dueMinor, offsets });
  });
});

test.each([
  ['release', 'release#2'],
  ['release#2', 'release#3'],
  ['change:0197d0a0-0000-7000-8000-000000000001#9', 'change:0197d0a0-0000-7000-8000-000000000001#10'],
])('the repetition of the refund %s is %s', (cause, expected) => {
  expect(causeOfRetry(cause)).toBe(expected);
});
