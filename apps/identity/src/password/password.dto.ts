import { Email } from '@roost/http';
import { z } from 'zod';
import { EnteredPassword, NewPassword } from '../credential/credential.dto.js';

export const ForgotPassword = z.strictObject({ email: Email }).meta({ id: 'ForgotPassword' });
export type ForgotPassword = z.output<typeof ForgotPassword>;

export const ResetPassword = z
  .strictObject({ token: z.string().min(1).max(500), password: NewPassword })
  .meta({ id: 'ResetPassword' });
export type ResetPassword = z.output<typeof ResetPassword>;

export const ChangePassword = z
  .strictObject({ currentPassword: EnteredPassword, newPassword: NewPassword })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.output<typeof ChangePassword>;
