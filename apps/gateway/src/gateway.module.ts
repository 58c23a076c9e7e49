import { Module } from '@nestjs/common';
import { DocsController } from './pages/docs.controller.js';
import { SupergraphRegistry } from './graphql/supergraph-registry.js';
import { GraphController } from './graphql/graph.controller.js';
import { OperationParser } from './graphql/operation-parser.js';
import { PersistedOperations } from './graphql/persisted-operations.js';
import { SubgraphClient } from './graphql/subgraph.client.js';
import { ErrorsController } from './pages/errors.controller.js';
import { Cors } from './proxy/cors.js';
import { ProxyController } from './proxy/proxy.controller.js';
import { RateLimiter } from './proxy/rate-limiter.js';
import { UpstreamClient } from './proxy/upstream.client.js';
import { RouteRegistry } from './routes/route-registry.js';

@Module({
  // The proxy matches every path, so it must be last.
  controllers: [DocsController, ErrorsController, GraphController, ProxyController],
  providers: [
    Cors,
    RouteRegistry,
    RateLimiter,
    UpstreamClient,
    SupergraphRegistry,
    OperationParser,
    PersistedOperations,
    SubgraphClient,
  ],
})
export class GatewayModule {}
