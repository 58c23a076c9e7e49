import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Tracing } from '@roost/tracing';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import type { Logger } from 'pino';
import { type BaseConfig, type Metrics } from '@roost/platform';
import type { ProblemFilter } from './problem-filter.js';
import { tagsMatch } from '../requests/etag.js';
import type { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import { parseJsonBody } from './json-body.js';
import { rejectMalformedHttp } from './malformed-http.js';
import { PAGE_HEADERS } from './page-policy.js';
import { parseQuery, rejectInvalidText } from './query-string.js';
import { warnOfUntrustedProxy } from './untrusted-proxy.js';
import { EVENT_STREAM } from '../shapes/responses.js';
import { closeSpan, isProbe, openContext, runInContext } from '../context/request-context.js';
import { rejectUnexpectedUpload } from '../uploads/multipart.js';

export const MAX_BODY_BYTES = 1024 * 1024;
const MAX_PARAM_LENGTH = 300;
/** By the first digit: one string per class, so that a request creates none. */
const STATUS_CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
/** Where the gateway is, which names the address of the client. */
const INTERNAL_NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

export interface HttpOptions {
  /** `false`: bodies of any type stay unread in `request.raw` (the gateway streams them). */
  parseBodies?: boolean;
  /** `false`: the service serves `/openapi.json` itself. */
  openApi?: boolean;
  /** A separate port for `/metrics`, on the loopback address only, so that it is not public. */
  metricsPort?: number;
  /** `false`: the service serves `/health/ready` and `/health/live` itself. */
  health?: boolean;
  /**
   * `true`: clients of other machines connect to it. In production it listens on all addresses, and only `TRUSTED_PROXIES`
   * may name the addresses of clients, not private networks.
   */
  public?: boolean;
  /** `false`: `/dev/clock` is not served. */
  devClock?: boolean;
}

export interface HttpServerParts {
  service: string;
  config: BaseConfig;
  http: HttpOptions;
  logger: Logger;
  metrics: Metrics;
  tracing: Tracing;
  filter: ProblemFilter;
  /** `null` until the container is created. */
  keys: () => IdempotencyKeys | null;
  closing: AbortSignal;
}

/** The Fastify server of a service, in Nest's adapter. */
export function createHttpServer(parts: HttpServerParts): FastifyAdapter {
  const configured = parts.config.TRUSTED_PROXIES.split(',').flatMap((entry) => entry.trim() || []);
  const proxies = parts.http.public ? configured : [...configured, ...INTERNAL_NETWORKS];
  const options: FastifyServerOptions = {
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: proxies.length > 0 ? proxies : false,
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, querystringParser: parseQuery },
    frameworkErrors: (error: unknown, request: unknown, reply: unknown) => {
      parts.filter.respond(error, request as FastifyRequest, reply as FastifyReply);
    },
    clientErrorHandler: rejectMalformedHttp(
      parts.config.PUBLIC_URL.replace(/\/$/, ''),
      parts.logger,
    ) as FastifyServerOptions['clientErrorHandler'],
  };
  const adapter = new FastifyAdapter(options);
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.decorateRequest('roost');
  addBodyParsers(fastify, parts.http);
  addHooks(fastify, parts);
  if (parts.http.public && parts.config.ROOST_ENV === 'production')
    warnOfUntrustedProxy(fastify, parts.logger);
  return adapter;
}

function addBodyParsers(fastify: FastifyInstance, { parseBodies = true }: HttpOptions): void {
  fastify.removeAllContentTypeParsers();
  if (!parseBodies) {
    fastify.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    return;
  }
  fastify.addContentTypeParser<Buffer>(
    /^application\/(?:[\w.-]+\+)?json(?:$|[ ;])/,
    { parseAs: 'buffer' },
    (request, bytes, done) => {
      request.rawBody = bytes;
      try {
        done(null, parseJsonBody(bytes));
      } catch (error) {
        done(error as Error, undefined);
      }
    },
  );
  void fastify.register(multipart, { throwFileSizeLimit: true });
}

/** The hooks of each request: context, headers, ETag, idempotent response, log line and metrics. */
function addHooks(fastify: FastifyInstance, parts: HttpServerParts): void {
  const { service, logger, metrics, closing, tracing } = parts;
  const duration = metrics.histogram(
    'http_request_duration_seconds',
    'Duration of a request in seconds, by method, path template and class of the status (2xx)',
    ['method', 'route', 'status'],
  );

  fastify.addHook('onRequest', (request, reply, done) => {
    const context = openContext(request, reply, { service, closing, tracing });
    request.roost = context;
    reply.headers({
      'x-request-id': context.requestId,
      traceparent: context.traceparent,
      ...PAGE_HEADERS,
    });
    done();
  });

  // Not in onRequest: reading the body loses the asynchronous context.
  fastify.addHook('preValidation', (request, _reply, done) => {
    try {
      rejectInvalidText(request);
      rejectUnexpectedUpload(request);
    } catch (error) {
      done(error as Error);
      return;
    }
    const { roost } = request;
    if (roost.span) tracing.runInSpan(roost.span, () => runInContext(roost, done));
    else runInContext(roost, done);
  });

  fastify.addHook('onSend', (request, reply, payload, done) => {
    const { etag, user, claim } = request.roost ?? {};
    let body: unknown = payload;
    if (closing.aborted) reply.header('connection', 'close');
    // Without the header, a shared cache may choose how long it keeps a public response.
    if (!reply.hasHeader('cache-control'))
      reply.header('cache-control', user ? 'private, no-cache' : 'no-cache');
    if (etag && reply.statusCode < 300) {
      reply.header('etag', etag);
      const ifNoneMatch = request.headers['if-none-match'];
      if (
        (request.method === 'GET' || request.method === 'HEAD') &&
        ifNoneMatch !== undefined &&
        tagsMatch(ifNoneMatch, etag)
      ) {
        reply.code(304).removeHeader('content-type').removeHeader('content-length');
        if (payload instanceof Readable) payload.destroy();
        body = null;
      }
    }
    if (!claim || claim.stored) return done(null, body);
    const keys = parts.keys();
    if (!keys) return done(null, body);
    // A stream can't be stored: 503 releases the key, and a repeated request runs again.
    const status = typeof payload === 'string' || payload == null ? reply.statusCode : 503;
    keys
      .finish(claim, status, typeof payload === 'string' ? payload : null)
      .catch((error: unknown) => logger.error({ err: error }, 'response for an idempotency key not stored'))
      .finally(() => done(null, body));
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    const context = request.roost;
    const route = context?.route ?? request.routeOptions.url ?? 'none';
    const durationMs = reply.elapsedTime;
    if (context) closeSpan(context, tracing);
    if (context && !isProbe(route)) {
      const status = STATUS_CLASSES[Math.trunc(reply.statusCode / 100)] ?? 'other';
      // A stream is open as long as its client wants.
      if (!String(reply.getHeader('content-type')).startsWith(EVENT_STREAM))
        duration.observe({ method: request.method, route, status }, durationMs / 1000);
      const line = {
        requestId: context.requestId,
        traceId: context.traceId,
        method: request.method,
        route,
        status: reply.statusCode,
        durationMs: Math.round(durationMs * 100) / 100,
        userId: context.user?.id,
        ...context.log,
      };
      if (reply.statusCode >= 500) logger.warn(line, 'request');
      else logger.info(line, 'request');
    }
    done();
  });
}
