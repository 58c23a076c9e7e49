import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import { Providers } from './providers.js';
import { SandboxProvider } from './sandbox.provider.js';

@Module({
  providers: [
    {
      provide: Providers,
      inject: [CONFIG],
      useFactory: (config: Config<typeof PaymentsConfig>) =>
        new Providers([
          new SandboxProvider({
            url: config.SANDBOX_URL,
            webhookSecret: config.SANDBOX_WEBHOOK_SECRET,
            timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
          }),
        ]),
    },
  ],
  exports: [Providers],
})
export class ProviderModule {}
