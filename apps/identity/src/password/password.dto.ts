import { Email } from '@roost/http';
import { invalidField, Problem } from '@roost/platform';
import { z } from 'zod';
import { TriedPassword } from '../session/session.dto.js';
import {
  PASSWORD_MAX_CHARACTERS,
  PASSWORD_MIN_CHARACTERS,
  passwordFault,
} from '../credential/domain/password-policy.js';

const LENGTH = `Must have ${PASSWORD_MIN_CHARACTERS} to ${PASSWORD_MAX_CHARACTERS} characters`;

/** Counted in characters, not in the units of UTF-16 that `min` and `max` would count. */
export const NewPassword = z
  .string()
  .refine((password) => [...password].length >= PASSWORD_MIN_CHARACTERS, { error: LENGTH })
  .refine((password) => [...password].length <= PASSWORD_MAX_CHARACTERS, { error: LENGTH })
  .meta({ minLength: PASSWORD_MIN_CHARACTERS, maxLength: PASSWORD_MAX_CHARACTERS });

/** Refuses a new password that the policy does not allow, pointing at the field it came in. */
export function requireGoodPassword(
  password: string,
  owner: { email: string; displayName: string },
  pointer: string,
): void {
  const fault = passwordFault(password, owner);
  if (fault === 'too_short' || fault === 'too_long') throw invalidField(pointer, LENGTH);
  if (fault)
    throw new Problem('auth.password_too_common', undefined, {
      errors: [{ pointer, detail: 'Too easily guessed' }],
    });
}

export const ForgotPassword = z.strictObject({ email: Email }).meta({ id: 'ForgotPassword' });
export type ForgotPassword = z.output<typeof ForgotPassword>;

export const ResetPassword = z
  .strictObject({ token: z.string().min(1).max(500), password: NewPassword })
  .meta({ id: 'ResetPassword' });
export type ResetPassword = z.output<typeof ResetPassword>;

export const ChangePassword = z
  .strictObject({ currentPassword: TriedPassword, newPassword: NewPassword })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.output<typeof ChangePassword>;
