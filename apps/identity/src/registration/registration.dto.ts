import { Email } from '@roost/http';
import { z } from 'zod';
import { NewPassword } from '../credential/credential.dto.js';
import { DisplayName } from '../user/user.dto.js';

export const Register = z
  .strictObject({ email: Email, password: NewPassword, displayName: DisplayName })
  .meta({ id: 'Register' });
export type Register = z.output<typeof Register>;

export const VerifyEmail = z.strictObject({ token: z.string().min(1).max(500) }).meta({ id: 'VerifyEmail' });
export type VerifyEmail = z.output<typeof VerifyEmail>;

export const ResendVerification = z.strictObject({ email: Email }).meta({ id: 'ResendVerification' });
export type ResendVerification = z.output<typeof ResendVerification>;
