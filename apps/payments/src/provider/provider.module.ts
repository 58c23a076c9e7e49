import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { PaymentsConfig } from '../config.js';
import { Providers } from './providers.js';
import { SandboxProvider } from './sandbox-provider.js';

@Module({
  providers: [
    {
      provide: Providers,
      inject: [CONFIG, Tracing],
      useFactory: (config: Config<typeof PaymentsConfig>, tracing: Tracing) =>
        new Providers([
          new SandboxProvider({
            url: config.SANDBOX_URL,
            webhookSecret: config.SANDBOX_WEBHOOK_SECRET,
            timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
            tracing,
          }),
        ]),
    },
  ],
  exports: [Providers],
})
export class ProviderModule {}
