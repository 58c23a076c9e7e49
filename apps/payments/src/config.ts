import { ClientUrls, CorsOrigins } from '@roost/platform/start';
import { FeeConfig } from '@roost/pricing';
import { z } from 'zod';
import { DEVELOPMENT_ENTITY, LegalEntities, type LegalEntity } from './paper/domain/legal-entity.js';
import { isSafeAddress } from './provider/safe-address.js';
import { parseProviderRules, requiredSettings, usesSandbox } from './provider/provider-rules.js';

export { usesSandbox };

const DEFAULT_ENTITIES = JSON.stringify([
  {
    id: DEVELOPMENT_ENTITY,
    name: 'Roost Development',
    addressLines: ['1 Example Street', 'Albany, NY 12207'],
    countryCode: 'US',
    numberPrefix: 'DEV-',
  },
]);

const isLiveKey = (key: unknown): boolean => String(key).includes('_live_');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
import { paystackSettings } from './provider/paystack/paystack-config.js';

export const PaymentsConfig = z.object({
  PAYMENT_PROVIDERS: z
    .string()
    .default('sandbox')
    .refine((list) => parseProviderRules(list) !== null)
    .meta({
      description:
        'a comma-separated list of sandbox, stripe and paystack in the order of preference, each with optional currencies and countries that it is for, such as paystack:NGN|GHS|ZA,stripe',
      requires: (list: unknown) => requiredSettings(String(list)),
      production: {
        accepts: (list: unknown) => !usesSandbox(String(list)),
        rule: 'a list without sandbox, such as stripe or paystack:NGN|GHS,stripe',
      },
    }),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^[sr]k_(?:test|live)_\w{3,200}$/)
    .optional()
    .meta({ description: 'a secret or restricted key of Stripe (sk_… or rk_…); required with stripe' }),
  STRIPE_PUBLISHABLE_KEY: z
    .string()
    .regex(/^pk_(?:test|live)_\w{3,200}$/)
    .optional()
    .meta({
      description: 'the publishable key of Stripe (pk_…), which clients receive; required with stripe',
      fits: {
        to: 'STRIPE_SECRET_KEY',
        accepts: (publishable: unknown, secret: unknown) => isLiveKey(publishable) === isLiveKey(secret),
        rule: 'both must be live keys, or both test keys, of the same account',
      },
    }),
  STRIPE_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[\w+/=-]{8,200}(?:,whsec_[\w+/=-]{8,200}){0,4}$/)
    .optional()
    .meta({
      description:
        'the signing secret of the webhook endpoint at Stripe (whsec_…), or several with commas while it is rotated; required with stripe',
    }),
  STRIPE_API_URL: z
    .url({ protocol: /^https?$/ })
    .default('https://api.stripe.com')
    .meta({
      description: 'the http(s) address of the API of Stripe',
      production: {
        accepts: isSafeAddress,
        rule: 'an https address, because every request contains the secret key',
      },
    }),
  /** The fees that bookings charges, for GET /v1/config. */
  ...FeeConfig.shape,
  CLIENT_URLS: ClientUrls,
  CORS_ORIGINS: CorsOrigins,
  SANDBOX_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://127.0.0.1:3010')
    .meta({ description: 'the http(s) address of the sandbox provider' }),
  SANDBOX_WEBHOOK_SECRET: z
    .string()
    .min(16)
    .default('sandbox-webhook-secret-for-development')
    .meta({ description: 'a secret of at least 16 characters, the same as in the sandbox provider' }),
  ...paystackSettings,
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
  RECONCILIATION_ANSWER_SECONDS: z.coerce.number().min(0.2).max(300).default(20).meta({
    description:
      'how long GET /v1/admin/reconciliation compares before it refers to a run, from 0.2 to 300 seconds; shorter than the time-outs of the gateway and of your proxy',
  }),
  RECONCILIATION_DAYS: z.coerce.number().int().min(1).max(3_650).default(40).meta({
    description:
      'the regular comparison reads the payments, disputes and transfers of this many days at the providers, from 1 to 3650, and all of them once a day',
  }),
  RECONCILIATION_MINUTES: z.coerce.number().min(1).max(10_080).default(60).meta({
    description:
      'the interval of the comparison of providers, payments, ledger and bookings, from 1 to 10080 minutes',
  }),
});
