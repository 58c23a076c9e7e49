import { z } from 'zod';
import { MfaCode } from '../credential/credential.dto.js';

export const ConfirmTotp = z.strictObject({ code: MfaCode }).meta({ id: 'ConfirmTotp' });
export type ConfirmTotp = z.output<typeof ConfirmTotp>;

export const PassMfa = z
  .strictObject({ mfaToken: z.string().min(1).max(500), code: MfaCode })
  .meta({ id: 'PassMfa' });
export type PassMfa = z.output<typeof PassMfa>;

export const TotpEnrolment = z
  .object({
    secret: z.string().meta({ description: 'For an authenticator that cannot scan a QR code' }),
    otpauthUrl: z.string().meta({ description: 'The content of the QR code' }),
  })
  .meta({ id: 'TotpEnrolment' });
export type TotpEnrolment = z.output<typeof TotpEnrolment>;

export const RecoveryCodes = z
  .object({
    recoveryCodes: z.array(z.string()).meta({ description: 'Each code works once. Shown only once.' }),
  })
  .meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.output<typeof RecoveryCodes>;
