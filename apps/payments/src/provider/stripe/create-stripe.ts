import { type Config, StartError } from '@roost/platform';
import type { Tracing } from '@roost/tracing';
import type { PaymentsConfig } from '../../config.js';
import { StripeProvider } from './stripe-provider.js';

const REQUIRED = ['STRIPE_SECRET_KEY', 'STRIPE_PUBLISHABLE_KEY', 'STRIPE_WEBHOOK_SECRET'] as const;

/** Throws a `StartError` that names every variable that Stripe requires and that is missing. */
export function createStripe(config: Config<typeof PaymentsConfig>, tracing: Tracing): StripeProvider {
  const missing = REQUIRED.filter((name) => config[name] === undefined);
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecrets } = config;
  if (missing.length > 0 || secretKey === undefined || webhookSecrets === undefined) {
    throw new StartError(
      missing
        .map((name) => `${name} is missing: PAYMENT_PROVIDERS contains stripe, which requires it.`)
        .join('\n'),
    );
  }
  return new StripeProvider({
    url: config.STRIPE_API_URL,
    secretKey,
    webhookSecrets: webhookSecrets.split(','),
    timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
    tracing,
  });
}
