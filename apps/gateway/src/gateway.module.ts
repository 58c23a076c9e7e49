import { Module } from '@nestjs/common';
import { DocsController } from './pages/docs.controller.js';
import { ErrorsController } from './pages/errors.controller.js';
import { ProxyController } from './proxy/proxy.controller.js';
import { RateLimits } from './proxy/rate-limits.js';
import { Upstreams } from './proxy/upstreams.js';
import { RouteBook } from './routes/route-book.js';

@Module({
  // The proxy takes every path that nobody else has, so it comes last.
  controllers: [DocsController, ErrorsController, ProxyController],
  providers: [RouteBook, RateLimits, Upstreams],
})
export class GatewayModule {}
