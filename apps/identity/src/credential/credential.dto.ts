import { invalidField, Problem } from '@roost/platform';
import { z } from 'zod';
import { PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS, passwordFault } from './domain/password-policy.js';

/** A password to verify. The policy applies to new passwords only. */
export const EnteredPassword = z.string().min(1).max(1024);

const LENGTH = `Must have ${PASSWORD_MIN_CHARACTERS} to ${PASSWORD_MAX_CHARACTERS} characters`;

/** Counted in characters; `min` and `max` would count UTF-16 code units. */
export const NewPassword = z
  .string()
  .refine((password) => [...password].length >= PASSWORD_MIN_CHARACTERS, { error: LENGTH })
  .refine((password) => [...password].length <= PASSWORD_MAX_CHARACTERS, { error: LENGTH })
  .meta({ minLength: PASSWORD_MIN_CHARACTERS, maxLength: PASSWORD_MAX_CHARACTERS });

/** Throws 400 `request.invalid` or 422 `auth.password_too_common`, with the pointer of the field, if the policy forbids it. */
export function requireAllowedPassword(
  password: string,
  owner: { email: string; displayName: string },
  pointer: string,
): void {
  const fault = passwordFault(password, owner);
  if (fault === 'too_short' || fault === 'too_long') throw invalidField(pointer, LENGTH);
  if (fault)
    throw new Problem('auth.password_too_common', undefined, {
      errors: [{ pointer, detail: 'Is too easy to guess' }],
    });
}

const MFA_CODE = 'Must be a 6-digit code or a recovery code';

/** Six digits of an authenticator, or a recovery code. */
export const MfaCode = z.string().trim().min(6, { error: MFA_CODE }).max(40, { error: MFA_CODE });
