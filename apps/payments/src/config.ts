import { z } from 'zod';
import { DEVELOPMENT_ENTITY, LegalEntities, type LegalEntity } from './paper/domain/legal-entity.js';

const DEFAULT_ENTITIES = JSON.stringify([
  {
    id: DEVELOPMENT_ENTITY,
    name: 'Roost Development',
    addressLines: ['1 Example Street', 'Albany, NY 12207'],
    countryCode: 'US',
    numberPrefix: 'DEV-',
  },
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const PaymentsConfig = z.object({
  PAYMENT_PROVIDERS: z
    .enum(['sandbox'])
    .default('sandbox')
    .meta({
      description: 'sandbox (stripe and paystack are not implemented yet)',
      notInProduction: ['sandbox'],
    }),
  SANDBOX_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://127.0.0.1:3010')
    .meta({ description: 'the http(s) address of the sandbox provider' }),
  SANDBOX_WEBHOOK_SECRET: z
    .string()
    .min(16)
    .default('sandbox-webhook-secret-for-development')
    .meta({ description: 'a secret of at least 16 characters, the same as in the sandbox provider' }),
  PROVIDER_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(0.2)
    .max(60)
    .default(10)
    .meta({ description: 'the time-out of one call to a payment provider, from 0.2 to 60 seconds' }),
  DISPUTE_CHECK_SECONDS: z.coerce.number().min(0.2).max(86_400).default(600).meta({
    description:
      'the interval at which new and open disputes are requested from their provider, from 0.2 to 86400 seconds',
  }),
  PAYMENT_CHECK_SECONDS: z.coerce.number().min(0.2).max(3_600).default(60).meta({
    description:
      'the interval at which the state of an unfinished payment is requested from its provider, from 0.2 to 3600 seconds',
  }),
  LEGAL_ENTITIES: z
    .string()
    .default(DEFAULT_ENTITIES)
    .transform(parseJson)
    .pipe(LegalEntities)
    .meta({
      description:
        'a JSON array of the legal entities that issue receipts: id, name, addressLines, countryCode, taxId, numberPrefix, countries, currencies; exactly one without countries and currencies, the default; ids, prefixes, countries and currencies distinct',
      production: {
        accepts: (entities: unknown) =>
          !(entities as LegalEntity[]).some(({ id }) => id === DEVELOPMENT_ENTITY),
        rule: 'your own legal entities, not the one of development',
      },
    }),
  RECONCILIATION_MINUTES: z.coerce.number().min(1).max(10_080).default(60).meta({
    description:
      'the interval of the comparison of providers, payments, ledger and bookings, from 1 to 10080 minutes',
  }),
});
