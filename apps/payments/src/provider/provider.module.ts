import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { PaymentsConfig } from '../config.js';
import type { PaymentProvider, ProviderName } from './provider.port.js';
import { Providers } from './providers.js';
import { SandboxProvider } from './sandbox-provider.js';
import { createStripe } from './stripe/create-stripe.js';

type ProviderFactory = (config: Config<typeof PaymentsConfig>, tracing: Tracing) => PaymentProvider;

const factories: Partial<Record<ProviderName, ProviderFactory>> = {
  sandbox: (config, tracing) =>
    new SandboxProvider({
      url: config.SANDBOX_URL,
      webhookSecret: config.SANDBOX_WEBHOOK_SECRET,
      timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
      tracing,
    }),
  stripe: createStripe,
};

@Module({
  providers: [
    {
      provide: Providers,
      inject: [CONFIG, Tracing],
      useFactory: (config: Config<typeof PaymentsConfig>, tracing: Tracing) =>
        new Providers(
          config.PAYMENT_PROVIDERS.split(',').map((name) => {
            const create = factories[name as ProviderName];
            if (!create) throw new Error(`There is no payment provider ${name}`);
            return create(config, tracing);
          }),
        ),
    },
  ],
  exports: [Providers],
})
export class ProviderModule {}
