import { defineService } from '@roost/service';
import { GatewayConfig } from './config.js';
import { GatewayModule } from './gateway.module.js';

export const gateway = defineService({
  name: 'gateway',
  port: 3000,
  description: 'The public host: verifies tokens, limits rates and forwards requests to the services',
  module: GatewayModule,
  config: GatewayConfig,
  entities: [],
  migrations: [],
  database: false,
  http: { public: true, parseBodies: false, openApi: false, metricsPort: 3100, devClock: false },
});
