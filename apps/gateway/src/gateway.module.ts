import { Module } from '@nestjs/common';
import { DocsController } from './pages/docs.controller.js';
import { GraphBook } from './graphql/graph.js';
import { GraphController } from './graphql/graph.controller.js';
import { OperationReader } from './graphql/operation.reader.js';
import { SubgraphClient } from './graphql/subgraph.client.js';
import { ErrorsController } from './pages/errors.controller.js';
import { ProxyController } from './proxy/proxy.controller.js';
import { RateLimits } from './proxy/rate-limits.js';
import { Upstreams } from './proxy/upstreams.js';
import { RouteBook } from './routes/route-book.js';

@Module({
  // The proxy takes every path that nobody else has, so it comes last.
  controllers: [DocsController, ErrorsController, GraphController, ProxyController],
  providers: [RouteBook, RateLimits, Upstreams, GraphBook, OperationReader, SubgraphClient],
})
export class GatewayModule {}
