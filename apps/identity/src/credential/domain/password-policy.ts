import { COMMON_PASSWORDS } from './common-passwords.js';

export const PASSWORD_MIN_CHARACTERS = 8;
export const PASSWORD_MAX_CHARACTERS = 128;

export type PasswordFault = 'too_short' | 'too_long' | 'common' | 'guessable';

/** One form per password, so that the same keys typed on two machines give the same bytes. */
export function canonicalPassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * What is wrong with a new password, or null. No composition rules: length counts, and what a guesser
 * tries first is refused: the common ones, one character repeated, and the owner's own address or name.
 */
export function passwordFault(
  password: string,
  owner: { email: string; displayName: string },
): PasswordFault | null {
  const characters = [...canonicalPassword(password)];
  if (characters.length < PASSWORD_MIN_CHARACTERS) return 'too_short';
  if (characters.length > PASSWORD_MAX_CHARACTERS) return 'too_long';
  const folded = characters.join('').toLowerCase();
  if (COMMON_PASSWORDS.has(folded)) return 'common';
  if (new Set(characters).size === 1) return 'guessable';
  const email = owner.email.toLowerCase();
  const own = [email, email.split('@')[0], owner.displayName.toLowerCase()];
  return own.includes(folded) ? 'guessable' : null;
}
