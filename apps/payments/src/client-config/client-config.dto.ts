import { z } from 'zod';

const Bps = z.int().meta({ description: 'In hundredths of a percent.' });

const ClientProvider = z
  .object({
    name: z.string(),
    publishableKey: z
      .string()
      .nullable()
      .meta({ description: 'The key for the library of the provider in the browser.' }),
    currencies: z
      .array(z.string())
      .nullable()
      .meta({ description: 'The currencies of the payments that it takes; null: all.' }),
    countries: z
      .array(z.string())
      .nullable()
      .meta({ description: 'The countries of the listings whose payments it takes; null: all.' }),
    confirmation: z.enum(['client', 'server', 'redirect']).meta({
      description:
        'How the guest confirms a payment: `client`: with the library of the provider and `clientSecret`; `server`: with `POST /v1/payments/{id}/confirm`; `redirect`: at `redirectUrl`.',
    }),
  })
  .meta({ id: 'ClientProvider' });

const ClientCurrency = z
  .object({
    code: z.string(),
    exponent: z.int().meta({ description: 'The number of decimals of an amount in minor units.' }),
    chargeStepMinor: z
      .int()
      .meta({ description: 'Charges and refunds are multiples of this amount in minor units.' }),
    minMinor: z.int().meta({ description: 'The smallest amount that can be charged, in minor units.' }),
    maxMinor: z.int().meta({ description: 'The largest amount that can be charged, in minor units.' }),
  })
  .meta({ id: 'ClientCurrency' });

const ClientFees = z
  .object({
    guestServiceFeeBps: Bps,
    hostFeeBps: Bps,
  })
  .meta({ id: 'ClientFees' });

export const ClientConfig = z
  .object({
    providers: z
      .array(ClientProvider)
      .meta({ description: 'In the order of preference: the first entry that fits takes the payment.' }),
    currencies: z.array(ClientCurrency),
    fees: ClientFees,
    locales: z.array(z.string()).meta({ description: 'The locales of mails; the first is the default.' }),
  })
  .meta({ id: 'ClientConfig' });
export type ClientConfig = z.output<typeof ClientConfig>;
