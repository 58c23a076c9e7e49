import fc from 'fast-check';
import {
  base32,
  fromBase32,
  newRecoveryCode,
  newTotpSecret,
  otpauthUrl,
  stepAt,
  stepOfCode,
  totpCode,
} from './totp.js';

/** Test vectors of RFC 6238, appendix B (SHA-1): the last six of the eight digits. */
const secret = base32(Buffer.from('12345678901234567890'));
it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at %i s the code is %s', (seconds, code) => {
  expect(totpCode(secret, stepAt(new Date(seconds * 1000)))).toBe(code);
});

/** Test vectors of RFC 4648, section 10, without padding. */
it.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('base32 of %p is %p', (text, encoded) => {
  expect(base32(Buffer.from(text))).toBe(encoded);
});

it('decodes every encoded value to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(fromBase32(base32(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
    }),
  );
});

it('accepts the codes of the previous, the current and the next period', () => {
  const now = new Date('2027-03-01T12:00:10Z');
  const step = stepAt(now);
  const accepted = [-2, -1, 0, 1, 2].map((offset) =>
    stepOfCode(secret, totpCode(secret, step + offset), now),
  );
  expect(accepted).toEqual([null, step - 1, step, step + 1, null]);
});

it('generates unique secrets of 160 bits and recovery codes of 80 bits', () => {
  expect(newTotpSecret()).toMatch(/^[A-Z2-7]{32}$/);
  expect(newRecoveryCode()).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/);
  expect(new Set(Array.from({ length: 100 }, newRecoveryCode)).size).toBe(100);
});

it('formats the URL for an authenticator', () => {
  expect(otpauthUrl('ABC', 'a+b@example.com')).toBe(
    'otpauth://totp/Roost:a%2Bb%40example.com?secret=ABC&issuer=Roost&algorithm=SHA1&digits=6&period=30',
  );
});
