import { admitTry, type Attempts, FREE_FAILURES, NO_ATTEMPTS, waitSeconds } from './lock-out.js';

const start = new Date('2027-03-01T12:00:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);

function failing(times: number, at = start): Attempts {
  let attempts = NO_ATTEMPTS;
  for (let i = 0; i < times; i++) {
    const admission = admitTry({ ...attempts, lockedUntil: null }, at);
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
])('%i failures make the next try wait %i s', (failures, seconds) => {
  expect(waitSeconds(failures)).toBe(seconds);
});

describe('admitTry', () => {
  it('lets five tries in and locks with the fifth', () => {
    expect(failing(FREE_FAILURES - 1).lockedUntil).toBeNull();
    expect(failing(FREE_FAILURES).lockedUntil).toEqual(after(30));
  });

  it('refuses until the wait is over, to the millisecond, and counts nothing meanwhile', () => {
    const locked = failing(FREE_FAILURES);
    expect(admitTry(locked, after(0.001))).toEqual({ locked: true, retryAfterSeconds: 30 });
    expect(admitTry(locked, after(29.999))).toEqual({ locked: true, retryAfterSeconds: 1 });
    expect(admitTry(locked, after(30))).toEqual({
      locked: false,
      attempts: { failures: FREE_FAILURES + 1, lockedUntil: after(90), lastFailedAt: after(30) },
    });
  });

  it('forgets failures after a quiet day', () => {
    const once = failing(3);
    const day = 24 * 3600;
    expect(admitTry(once, after(day - 1))).toMatchObject({ attempts: { failures: 4 } });
    expect(admitTry(once, after(day))).toMatchObject({ attempts: { failures: 1, lockedUntil: null } });
  });
});
