import { Encryption, hmac, randomToken, secretsEqual } from './encryption.js';

describe('Encryption', () => {
  const encryption = new Encryption('a secret of the operator, long enough');

  test('decrypts with the same key and context only', () => {
    const encrypted = encryption.encrypt('https://example.com/feed?token=1', 'feed.url');
    expect(encrypted).not.toContain('example');
    expect(encryption.encrypt('https://example.com/feed?token=1', 'feed.url')).not.toBe(encrypted);
    expect(encryption.decrypt(encrypted, 'feed.url')).toBe('https://example.com/feed?token=1');
    expect(() => encryption.decrypt(encrypted, 'user.mfa')).toThrow();
    expect(() => new Encryption('another').decrypt(encrypted, 'feed.url')).toThrow();
  });

  test('decrypts with the alternate key, and encrypts again with the first', () => {
    const old = 'the secret before it, long enough as well';
    const encrypted = new Encryption(old).encrypt('text', 'feed.url');
    const rotating = new Encryption('a secret of the operator, long enough', old);
    expect(rotating.decrypt(encrypted, 'feed.url')).toBe('text');
    expect(() => rotating.decrypt(encrypted, 'user.mfa')).toThrow();
    const renewed = rotating.renew(encrypted, 'feed.url') ?? '';
    expect(encryption.decrypt(renewed, 'feed.url')).toBe('text');
    expect(rotating.renew(renewed, 'feed.url')).toBeNull();
    expect(() => rotating.renew(new Encryption('a third').encrypt('text'))).toThrow();
  });

  test('hashes with the first key and the context', () => {
    const hash = encryption.keyedHash('+12025550123', 'phone_code.phone_hash');
    expect(encryption.keyedHash('+12025550123', 'phone_code.phone_hash')).toEqual(hash);
    expect(encryption.keyedHash('+12025550123', 'phone_code.network_hash')).not.toEqual(hash);
    expect(new Encryption('another').keyedHash('+12025550123', 'phone_code.phone_hash')).not.toEqual(hash);
  });

  test('rejects changed bytes, a shortened tag and other texts', () => {
    const [version, iv, tag, body = ''] = encryption.encrypt('text').split('.');
    const changed = Buffer.from(body, 'base64url');
    changed[0] = (changed[0] ?? 0) ^ 1;
    expect(() => encryption.decrypt([version, iv, tag, changed.toString('base64url')].join('.'))).toThrow();
    const shortTag = Buffer.from(tag ?? '', 'base64url')
      .subarray(0, 4)
      .toString('base64url');
    expect(() => encryption.decrypt([version, iv, shortTag, body].join('.'))).toThrow();
    expect(() => encryption.decrypt('nonsense')).toThrow('format of an encrypted value');
  });
});

test('hmac returns the result of RFC 4231, case 2', () => {
  expect(hmac('Jefe', 'what do ya want for nothing?').toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('secrets are compared by content', () => {
  expect(secretsEqual('a', Buffer.from('a'))).toBe(true);
  expect(secretsEqual('a', 'ab')).toBe(false);
  expect(randomToken()).toMatch(/^[\w-]{43}$/);
});
