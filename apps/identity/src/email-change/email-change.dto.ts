import { Email } from '@roost/http';
import { z } from 'zod';

export const ChangeEmail = z.strictObject({ email: Email }).meta({ id: 'ChangeEmail' });
export type ChangeEmail = z.output<typeof ChangeEmail>;

export const ConfirmEmailChange = z
  .strictObject({ token: z.string().min(1).max(500) })
  .meta({ id: 'ConfirmEmailChange' });
export type ConfirmEmailChange = z.output<typeof ConfirmEmailChange>;
