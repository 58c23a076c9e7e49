import { admitAttempt, type Attempts, FREE_FAILURES, NO_ATTEMPTS, waitSeconds } from './lock-out.js';

const start = new Date('2027-03-01T12:00:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);

function attemptsAfter(failures: number, at = start): Attempts {
  let attempts = NO_ATTEMPTS;
  for (let i = 0; i < failures; i++) {
    const admission = admitAttempt({ ...attempts, lockedUntil: null }, at);
    if (admission.locked) throw new Error('not locked');
    attempts = admission.attempts;
  }
  return attempts;
}

it.each([
  [0, 0],
  [4, 0],
  [5, 30],
  [6, 60],
  [7, 120],
  [9, 480],
  [10, 900],
  [50, 900],
  [5000, 900],
])('after %i failures the wait is %i s', (failures, seconds) => {
  expect(waitSeconds(failures)).toBe(seconds);
});

describe('admitAttempt', () => {
  it('admits five attempts and locks with the fifth failure', () => {
    expect(attemptsAfter(FREE_FAILURES - 1).lockedUntil).toBeNull();
    expect(attemptsAfter(FREE_FAILURES).lockedUntil).toEqual(after(30));
  });

  it('rejects attempts until the wait ends, to the millisecond, without counting them', () => {
    const locked = attemptsAfter(FREE_FAILURES);
    expect(admitAttempt(locked, after(0.001))).toEqual({ locked: true, retryAfterSeconds: 30 });
    expect(admitAttempt(locked, after(29.999))).toEqual({ locked: true, retryAfterSeconds: 1 });
    expect(admitAttempt(locked, after(30))).toEqual({
      locked: false,
      attempts: { failures: FREE_FAILURES + 1, lockedUntil: after(90), lastFailedAt: after(30) },
    });
  });

  it('resets the count after a day without a failure', () => {
    const attempts = attemptsAfter(3);
    const day = 24 * 3600;
    expect(admitAttempt(attempts, after(day - 1))).toMatchObject({ attempts: { failures: 4 } });
    expect(admitAttempt(attempts, after(day))).toMatchObject({
      attempts: { failures: 1, lockedUntil: null },
    });
  });
});
