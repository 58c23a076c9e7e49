import { Instant } from '@roost/http';
import { z } from 'zod';
import { PhoneNumber } from './phone-number.js';

export const RequestPhoneCode = z.strictObject({ phone: PhoneNumber }).meta({ id: 'RequestPhoneCode' });
export type RequestPhoneCode = z.output<typeof RequestPhoneCode>;

export const VerifyPhone = z
  .strictObject({ code: z.string().regex(/^\d{6}$/, { error: 'Must be a 6-digit code' }) })
  .meta({ id: 'VerifyPhone' });
export type VerifyPhone = z.output<typeof VerifyPhone>;

export const PhoneCode = z
  .object({
    phone: z.string().meta({ description: 'The number in E.164' }),
    expiresAt: Instant.meta({ description: 'When the code becomes invalid' }),
  })
  .meta({ id: 'PhoneCode', description: 'A requested code for a phone number' });
export type PhoneCode = z.output<typeof PhoneCode>;
