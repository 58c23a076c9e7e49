import { Instant, Uuid } from '@roost/http';
import { CURRENCIES, isCurrency } from '@roost/money';
import { z } from 'zod';
import { PROVIDER_NAMES } from '../provider/provider.port.js';
import { maskedReference, referenceProblem } from './domain/account-reference.js';
import type { PayoutAccount } from './payout-account.queries.js';

export const PayoutCurrency = z
  .string()
  .refine((code) => isCurrency(code), { error: 'Must be an ISO 4217 currency code' })
  .meta({ enum: [...CURRENCIES], examples: ['USD'] });

export const PayoutProvider = z.enum(PROVIDER_NAMES).meta({ id: 'PayoutProvider' });

export const SetPayoutAccount = z
  .strictObject({
    provider: PayoutProvider,
    currency: PayoutCurrency,
    reference: z
      .string()
      .max(64)
      .meta({
        description:
          'The account at the provider, which is created there: `acct_…` (sandbox, Stripe Connect) or the recipient code `RCP_…` (Paystack).',
        examples: ['acct_1032D82eZvKYlo2C'],
      }),
  })
  .check((context) => {
    const { provider, reference } = context.value;
    const message = referenceProblem(provider, reference);
    if (message !== null) {
      context.issues.push({ code: 'custom', message, path: ['reference'], input: reference });
    }
  })
  .meta({ id: 'SetPayoutAccount' });
export type SetPayoutAccount = z.output<typeof SetPayoutAccount>;

export const PayoutAccountView = z
  .object({
    id: Uuid,
    provider: PayoutProvider,
    currency: z.string(),
    reference: z.string().meta({ description: 'Only the last four characters are shown.' }),
    usableAt: Instant.meta({
      description: 'Payouts of the currency wait until then: 72 hours after the change.',
    }),
    createdAt: Instant,
  })
  .meta({ id: 'PayoutAccount' });
export type PayoutAccountView = z.output<typeof PayoutAccountView>;

export const PayoutAccountList = z
  .object({ data: z.array(PayoutAccountView) })
  .meta({ id: 'PayoutAccountList' });
export type PayoutAccountList = z.output<typeof PayoutAccountList>;

export const toAccountView = (account: PayoutAccount): PayoutAccountView => ({
  id: account.id,
  provider: account.provider,
  currency: account.currency,
  reference: maskedReference(account.referenceEnd),
  usableAt: account.usableAt.toISOString(),
  createdAt: account.createdAt.toISOString(),
});
