import { COMMON_PASSWORDS } from './common-passwords.js';

export const PASSWORD_MIN_CHARACTERS = 8;
export const PASSWORD_MAX_CHARACTERS = 128;

export type PasswordFault = 'too_short' | 'too_long' | 'common' | 'guessable';

/** Normalizes a password (Unicode NFKC), so that input methods that compose characters differently produce the same bytes. */
export function canonicalPassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * Returns the fault of a new password, or null. There are no composition rules (NIST SP 800-63B). Forbidden are common
 * passwords, one repeated character, and the owner's own mail address or name.
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
