import {
  ACCESS_TOKEN_TTL_SECONDS,
  isRotationDue,
  KEY_SET_MAX_AGE_SECONDS,
  type KeyTimes,
  publishedKeysAt,
  ROTATE_AFTER_SECONDS,
  rotationTimes,
  signingKeyAt,
} from './key-schedule.js';

const now = new Date('2027-03-01T12:00:00Z');
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);

const { activeFrom, retireOthersAt } = rotationTimes(now);
const before: KeyTimes = { kid: 'before', activeFrom: at(-1000), retireAt: retireOthersAt };
const next: KeyTimes = { kid: 'next', activeFrom, retireAt: null };
const keys = [next, before];
const secondsTo = (instant: Date) => (instant.getTime() - now.getTime()) / 1000;

it('publishes the next key for longer than a key set is cached before it signs', () => {
  expect(secondsTo(activeFrom)).toBeGreaterThan(KEY_SET_MAX_AGE_SECONDS);
  const justBefore = new Date(activeFrom.getTime() - 1);
  expect(signingKeyAt(keys, now)?.kid).toBe('before');
  expect(signingKeyAt(keys, justBefore)?.kid).toBe('before');
  expect(signingKeyAt(keys, activeFrom)?.kid).toBe('next');
  expect(publishedKeysAt(keys, now)).toHaveLength(2);
});

it('publishes the previous key until its last token has expired', () => {
  const lastTokenExpires = new Date(activeFrom.getTime() + ACCESS_TOKEN_TTL_SECONDS * 1000);
  expect(publishedKeysAt(keys, lastTokenExpires)).toHaveLength(2);
  expect(publishedKeysAt(keys, retireOthersAt).map((key) => key.kid)).toEqual(['next']);
});

it('returns no signing key if all keys are retired or not yet active', () => {
  expect(signingKeyAt([{ ...before, retireAt: now }], now)).toBeUndefined();
  expect(signingKeyAt([next], now)).toBeUndefined();
});

it.each([
  ['a new key', [{ ...next, activeFrom: at(1 - ROTATE_AFTER_SECONDS) }], false],
  ['an old key', [{ ...next, activeFrom: at(-ROTATE_AFTER_SECONDS) }], true],
  [
    'an old key with a successor that is not yet active',
    [{ ...before, activeFrom: at(-ROTATE_AFTER_SECONDS) }, next],
    false,
  ],
])('decides whether a rotation is due for %s', (_, some, due) => {
  expect(isRotationDue(some, now)).toBe(due);
});
