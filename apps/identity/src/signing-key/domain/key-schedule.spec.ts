import {
  ACCESS_TOKEN_TTL_SECONDS,
  handOver,
  KEY_SET_MAX_AGE_SECONDS,
  type KeyTimes,
  publishedKeysAt,
  ROTATE_AFTER_SECONDS,
  rotationDue,
  signingKeyAt,
} from './key-schedule.js';

const now = new Date('2027-03-01T12:00:00Z');
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);

const { activeFrom, retireOthersAt } = handOver(now);
const before: KeyTimes = { kid: 'before', activeFrom: at(-1000), retireAt: retireOthersAt };
const next: KeyTimes = { kid: 'next', activeFrom, retireAt: null };
const keys = [next, before];
const secondsTo = (instant: Date) => (instant.getTime() - now.getTime()) / 1000;

it('publishes the next key for longer than a key set is kept before it signs', () => {
  expect(secondsTo(activeFrom)).toBeGreaterThan(KEY_SET_MAX_AGE_SECONDS);
  const eve = new Date(activeFrom.getTime() - 1);
  expect(signingKeyAt(keys, now)?.kid).toBe('before');
  expect(signingKeyAt(keys, eve)?.kid).toBe('before');
  expect(signingKeyAt(keys, activeFrom)?.kid).toBe('next');
  expect(publishedKeysAt(keys, now)).toHaveLength(2);
});

it('keeps the key before it published until its last token has expired', () => {
  const lastTokenExpires = new Date(activeFrom.getTime() + ACCESS_TOKEN_TTL_SECONDS * 1000);
  expect(publishedKeysAt(keys, lastTokenExpires)).toHaveLength(2);
  expect(publishedKeysAt(keys, retireOthersAt).map((key) => key.kid)).toEqual(['next']);
});

it('has no key to sign with when all are retired or not active yet', () => {
  expect(signingKeyAt([{ ...before, retireAt: now }], now)).toBeUndefined();
  expect(signingKeyAt([next], now)).toBeUndefined();
});

it.each([
  ['a young key', [{ ...next, activeFrom: at(1 - ROTATE_AFTER_SECONDS) }], false],
  ['an old key', [{ ...next, activeFrom: at(-ROTATE_AFTER_SECONDS) }], true],
  [
    'an old key with its successor waiting',
    [{ ...before, activeFrom: at(-ROTATE_AFTER_SECONDS) }, next],
    false,
  ],
])('rotation of %s', (_, some, due) => {
  expect(rotationDue(some, now)).toBe(due);
});
