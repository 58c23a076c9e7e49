import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { AccessTokens, Public } from '@roost/http';
import { CONFIG, type Config, Problem } from '@roost/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.js';
import { type Route, serviceOf } from '../routes/route-table.js';
import type { Upstream } from '../routes/release.js';
import { RouteRegistry } from '../routes/route-registry.js';
import { limitBody } from './body-limit.js';
import { findDevRoute } from './dev-routes.js';
import { RateLimiter } from './rate-limiter.js';
import { UpstreamClient } from './upstream.client.js';

/** Forwards requests: finds the owner of the path, verifies the token, applies the rate limit. */
@Controller()
export class ProxyController {
  private readonly production: boolean;

  constructor(
    private readonly routes: RouteRegistry,
    private readonly tokens: AccessTokens,
    private readonly limiter: RateLimiter,
    private readonly upstreams: UpstreamClient,
    @Inject(CONFIG) config: Config<typeof GatewayConfig>,
  ) {
    this.production = config.ROOST_ENV === 'production';
  }

  // Public, because the OpenAPI document of the route decides whether a token is required (`authenticate`).
  @Public()
  @All('*')
  async forward(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const path = pathOf(request.url);
    const found = this.find(request.method, path);
    const route = { ...found, service: serviceOf(found, request.url) };
    request.roost.route = route.path;
    try {
      await this.authenticate(request, route);
    } finally {
      // A request with an invalid token counts for its IP address. The path of the request may be percent-encoded.
      await this.limiter.consume(request, reply, route.path);
    }
    limitBody(request, route);
    if (route.joined) return this.upstreams.join(request, reply, this.routes.urls(path));
    await this.upstreams.forward(
      request,
      reply,
      route,
      this.routes.upstream(route.service as Upstream) + path,
    );
  }

  private async authenticate(request: FastifyRequest, route: Route): Promise<void> {
    if (route.access === 'public') return;
    request.roost.user = await this.tokens.userOf(request);
    if (!request.roost.user && route.access === 'user') {
      throw new Problem('auth.missing_token', undefined, {}, { 'www-authenticate': 'Bearer' });
    }
  }

  private find(method: string, path: string): Route {
    const route = this.routes.find(method, path) ?? (this.production ? null : findDevRoute(method, path));
    if (route) return route;
    const allow = this.routes.methods(path).join(', ');
    if (allow === '') throw new Problem('route.not_found');
    throw new Problem('route.method_not_allowed', undefined, {}, { allow });
  }
}

/** The path to forward. Rejects dot segments: the service would resolve them to a path that the route table did not check. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  if (/\/(\.|%2e){1,2}(\/|$)|\\|^\/\//i.test(path)) throw new Problem('route.not_found');
  return path;
}
