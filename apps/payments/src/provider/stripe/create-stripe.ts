import type { Config } from '@roost/platform';
import type { Tracing } from '@roost/tracing';
import type { PaymentsConfig } from '../../config.js';
import { requiredSetting } from '../required-setting.js';
import { StripeProvider } from './stripe-provider.js';

export const createStripe = (config: Config<typeof PaymentsConfig>, tracing: Tracing): StripeProvider =>
  new StripeProvider({
    url: config.STRIPE_API_URL,
    secretKey: requiredSetting('STRIPE_SECRET_KEY', config.STRIPE_SECRET_KEY),
    webhookSecrets: requiredSetting('STRIPE_WEBHOOK_SECRET', config.STRIPE_WEBHOOK_SECRET).split(','),
    timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
    tracing,
  });
