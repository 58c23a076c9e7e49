import { COMMON_PASSWORDS } from './common-passwords.js';
import { canonicalPassword, passwordFault } from './password-policy.js';

const owner = { email: 'maria.lopez@example.com', displayName: 'Maria Lopez' };

describe('passwordFault', () => {
  it.each([
    ['short of eight', 'a1b2c3d', 'too_short'],
    ['eight', 'h7#kq2vz', null],
    ['128', 'ab'.repeat(64), null],
    ['129', 'ab'.repeat(64) + 'c', 'too_long'],
    ['seven emoji, fourteen UTF-16 units', '🦉🦊🐻🐼🐨🐯🦁', 'too_short'],
    ['eight emoji', '🦉🦊🐻🐼🐨🐯🦁🐮', null],
    ['only lower-case words', 'quiet harbour lamp', null],
    ['a common one', 'password123', 'common'],
    ['a common one in capitals', 'PassWord123', 'common'],
    ['a common one in full-width letters', 'ｐａｓｓｗｏｒｄ', 'common'],
    ['one character repeated', 'zzzzzzzzzzzzzzzz', 'guessable'],
    ['the own address', 'Maria.Lopez@example.com', 'guessable'],
    ['the own mailbox', 'maria.lopez', 'guessable'],
    ['the own name', 'maria lopez', 'guessable'],
    ['the demo accounts’ one', 'roost-demo-password', null],
  ])('%s', (_, password, fault) => {
    expect(passwordFault(password, owner)).toBe(fault);
  });

  it('refuses everything on the list, whatever its case', () => {
    expect(COMMON_PASSWORDS.size).toBeGreaterThan(2000);
    for (const common of COMMON_PASSWORDS) {
      expect(passwordFault(common.toUpperCase(), owner)).not.toBeNull();
    }
  });
});

it('canonicalPassword makes composed and decomposed letters one', () => {
  expect(canonicalPassword('cafe\u0301-creme')).toBe(canonicalPassword('caf\u00e9-creme'));
});
