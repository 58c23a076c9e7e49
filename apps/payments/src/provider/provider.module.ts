import { Module } from '@nestjs/common';
import { CONFIG, type Config, Metrics, StartError } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { PaymentsConfig } from '../config.js';
import { paystackOptions } from './paystack/paystack-config.js';
import { PaystackProvider } from './paystack/paystack-provider.js';
import { measureProvider } from './measure-provider.js';
import type { PaymentProvider, ProviderName } from './provider.port.js';
import { parseProviderRules } from './provider-rules.js';
import { Providers } from './providers.js';
import { SandboxProvider } from './sandbox-provider.js';
import { createStripe } from './stripe/create-stripe.js';

type ProviderFactory = (config: Config<typeof PaymentsConfig>, tracing: Tracing) => PaymentProvider;

/** Not frozen: a spec replaces one of them. */
export const factories: Record<ProviderName, ProviderFactory> = {
  sandbox: (config, tracing) =>
    new SandboxProvider({
      url: config.SANDBOX_URL,
      webhookSecret: config.SANDBOX_WEBHOOK_SECRET,
      timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
      tracing,
    }),
  stripe: createStripe,
  paystack: (config, tracing) => new PaystackProvider(paystackOptions(config, tracing)),
};

@Module({
  providers: [
    {
      provide: Providers,
      inject: [CONFIG, Tracing, Metrics],
      useFactory: createProviders,
    },
  ],
  exports: [Providers],
})
export class ProviderModule {}

function createProviders(
  config: Config<typeof PaymentsConfig>,
  tracing: Tracing,
  metrics: Metrics,
): Providers {
  const rules = parseProviderRules(config.PAYMENT_PROVIDERS) ?? [];
  const names = [...new Set(rules.map(({ provider }) => provider))];
  const [first, ...others] = names.map((name) => measureProvider(factories[name](config, tracing), metrics));
  if (!first) throw new StartError('PAYMENT_PROVIDERS has no provider.');
  return new Providers([first, ...others], rules);
}
