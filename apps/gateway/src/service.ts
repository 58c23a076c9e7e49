import { defineService } from '@roost/service';
import { GatewayConfig } from './config.js';
import { GatewayModule } from './gateway.module.js';

export const gateway = defineService({
  name: 'gateway',
  port: 3000,
  description: 'The one public host: checks tokens, limits rates, passes requests on to the services',
  module: GatewayModule,
  config: GatewayConfig,
  entities: [],
  migrations: [],
  database: false,
  http: { parseBodies: false, openApi: false, metricsPort: 3100, devClock: false },
});
