import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CONFIG, type Config, isAllowedOrigin } from '@roost/platform';
import type { FastifyInstance } from 'fastify';
import type { GatewayConfig } from '../config.js';

/** The headers of responses that a browser client needs. `*` would not include them for requests with credentials. */
const EXPOSED = [
  'Allow',
  'ETag',
  'Idempotent-Replayed',
  'Link',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'X-Request-Id',
].join(', ');

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-max-age': '600',
};

/**
 * Lets pages of the origins in `CORS_ORIGINS` use the API from browsers; in development, also pages of this machine.
 * `@fastify/cors` can't be used: its route `OPTIONS *` is one that the proxy has already.
 */
@Injectable()
export class Cors implements OnModuleInit {
  constructor(
    @Inject(CONFIG) private readonly config: Config<typeof GatewayConfig>,
    private readonly http: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const allowed = {
      origins: this.config.CORS_ORIGINS,
      development: this.config.ROOST_ENV === 'development',
    };
    this.http.httpAdapter
      .getInstance<FastifyInstance>()
      .addHook('onRequest', async ({ method, headers }, reply) => {
        const { origin } = headers;
        reply.header('vary', 'Origin');
        if (origin === undefined || !isAllowedOrigin(origin, allowed)) return;
        reply.headers({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': EXPOSED,
        });
        if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return;
        const requested = headers['access-control-request-headers'];
        if (requested !== undefined) reply.header('access-control-allow-headers', requested);
        return reply.code(204).headers(PREFLIGHT).send();
      });
  }
}
