import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { AccessTokens, Public } from '@roost/http';
import { CONFIG, type Config, Problem } from '@roost/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.js';
import type { Route } from '../routes/route-table.js';
import { RouteBook, type Upstream } from '../routes/route-book.js';
import { limitBody } from './body-limit.js';
import { findDevRoute } from './dev-routes.js';
import { RateLimits } from './rate-limits.js';
import { Upstreams } from './upstreams.js';

/** Everything that is not the gateway's own: find the owner, check the token, count the request, pass it on. */
@Controller()
export class ProxyController {
  private readonly production: boolean;

  constructor(
    private readonly routes: RouteBook,
    private readonly tokens: AccessTokens,
    private readonly limits: RateLimits,
    private readonly upstreams: Upstreams,
    @Inject(CONFIG) config: Config<typeof GatewayConfig>,
  ) {
    this.production = config.ROOST_ENV === 'production';
  }

  // Who may call is said by the route's own document, so it is decided in here, not by the decorator.
  @Public()
  @All('*')
  async pass(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const path = pathOf(request.url);
    const route = this.find(request.method, path);
    try {
      await this.authenticate(request, route);
    } finally {
      // A caller whose token is refused is counted as the address that he comes from.
      await this.limits.take(request, reply, path);
    }
    limitBody(request, route);
    request.roost.route = route.path;
    await this.upstreams.pass(request, reply, route, this.routes.upstream(route.service as Upstream) + path);
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
    if (!route) throw new Problem('route.not_found');
    return route;
  }
}

/** The path as it will be sent on. Dot segments would be resolved behind the route table's back. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  if (/\/(\.|%2e){1,2}(\/|$)|\\|^\/\//i.test(path)) throw new Problem('route.not_found');
  return path;
}
