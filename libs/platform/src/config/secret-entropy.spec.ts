import { randomBytes } from 'node:crypto';
import { looksRandom } from './secret-entropy.js';

test.each(['base64', 'base64url', 'hex'] as const)('accepts 32 random bytes in %s', (encoding) => {
  for (let count = 0; count < 500; count += 1)
    expect(looksRandom(randomBytes(32).toString(encoding))).toBe(true);
});

test.each([
  'x'.repeat(40),
  'abcdefgh'.repeat(5),
  '0123456789'.repeat(4),
  'change-me-change-me-change-me-1234',
  'roost-development-encryption-key',
  'please change this secret before going live',
])('rejects %s', (secret) => {
  expect(looksRandom(secret)).toBe(false);
});
