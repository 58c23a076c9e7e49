import { COMMON_PASSWORDS } from './common-passwords.js';
import { canonicalPassword, passwordFault } from './password-policy.js';

const owner = { email: 'maria.lopez@example.com', displayName: 'Maria Lopez' };

describe('passwordFault', () => {
  it.each([
    ['seven characters', 'a1b2c3d', 'too_short'],
    ['eight characters', 'h7#kq2vz', null],
    ['128 characters', 'ab'.repeat(64), null],
    ['129 characters', 'ab'.repeat(64) + 'c', 'too_long'],
    ['seven emoji, fourteen UTF-16 units', '🦉🦊🐻🐼🐨🐯🦁', 'too_short'],
    ['eight emoji', '🦉🦊🐻🐼🐨🐯🦁🐮', null],
    ['only lower-case words', 'quiet harbour lamp', null],
    ['a common password', 'password123', 'common'],
    ['a common password in capitals', 'PassWord123', 'common'],
    ['a common password in full-width letters', 'ｐａｓｓｗｏｒｄ', 'common'],
    ['one character repeated', 'zzzzzzzzzzzzzzzz', 'guessable'],
    ['the mail address of the owner', 'Maria.Lopez@example.com', 'guessable'],
    ['the local part of the mail address', 'maria.lopez', 'guessable'],
    ['the name of the owner', 'maria lopez', 'guessable'],
    ['the password of the demo accounts', 'roost-demo-password', null],
  ])('%s: %p is %p', (_, password, fault) => {
    expect(passwordFault(password, owner)).toBe(fault);
  });

  it('rejects every common password in any case', () => {
    expect(COMMON_PASSWORDS.size).toBeGreaterThan(2000);
    for (const common of COMMON_PASSWORDS) {
      expect(passwordFault(common.toUpperCase(), owner)).not.toBeNull();
    }
  });
});

it('canonicalPassword maps composed and decomposed letters to the same text', () => {
  expect(canonicalPassword('cafe\u0301-creme')).toBe(canonicalPassword('caf\u00e9-creme'));
});
