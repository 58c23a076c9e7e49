import { causeOfRetry, mayBeRepeated, offsetLosses, pauseSeconds } from './refund-due.js';

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
  ['release', 'release/retry'],
  ['release/retry', 'release/retry/retry'],
])('the repetition of the refund %s is %s', (cause, expected) => {
  expect(causeOfRetry(cause)).toBe(expected);
});

test.each([
  [0, true, 8],
  [1, true, 8],
  [2, true, 32],
  [3, true, 128],
  [7, true, 32_768],
  [8, false, 131_072],
  [12, false, 131_072],
])('a refund after %i repetitions: may be repeated %s, waits %i seconds', (count, repeats, seconds) => {
  const cause = Array.from({ length: count }).reduce<string>((each) => causeOfRetry(each), 'change:1');
  expect(mayBeRepeated(cause)).toBe(repeats);
  expect(pauseSeconds(cause)).toBe(seconds);
});
