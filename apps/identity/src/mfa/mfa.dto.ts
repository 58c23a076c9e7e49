import { z } from 'zod';

/** Six digits from an authenticator, or a recovery code. */
export const MfaCode = z
  .string()
  .trim()
  .min(6, { error: 'Must be a code of 6 digits or a recovery code' })
  .max(40, { error: 'Must be a code of 6 digits or a recovery code' });

export const ConfirmTotp = z.strictObject({ code: MfaCode }).meta({ id: 'ConfirmTotp' });
export type ConfirmTotp = z.output<typeof ConfirmTotp>;

export const PassMfa = z
  .strictObject({ mfaToken: z.string().min(1).max(500), code: MfaCode })
  .meta({ id: 'PassMfa' });
export type PassMfa = z.output<typeof PassMfa>;

export const TotpEnrolment = z
  .object({
    secret: z.string().meta({ description: 'To be typed where no picture can be scanned' }),
    otpauthUrl: z.string().meta({ description: 'To be shown as a QR code' }),
  })
  .meta({ id: 'TotpEnrolment' });
export type TotpEnrolment = z.output<typeof TotpEnrolment>;

export const RecoveryCodes = z
  .object({
    recoveryCodes: z.array(z.string()).meta({ description: 'Each works once. They are shown only now.' }),
  })
  .meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.output<typeof RecoveryCodes>;
