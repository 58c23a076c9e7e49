import { randomUUID } from 'node:crypto';
import {
  activeTraceparent,
  formatTraceparent,
  parseTraceparent,
  parseTracestate,
  type Span,
  SpanKind,
  type Tracing,
} from '@roost/tracing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { currentScope, type RequestScope, runInScope } from '@roost/platform';
import type { AuthUser } from './auth-user.js';

/** The claim of the current request on an idempotency key. */
export interface IdempotencyClaim {
  userId: string;
  method: string;
  path: string;
  key: string;
  lease: string;
  /** The use case has stored the response in its transaction. */
  stored: boolean;
  /** The response contains a secret and is stored encrypted. */
  encrypted: boolean;
}

/** The context of the current request, available to everything that runs inside of it. */
export interface RequestContext extends RequestScope {
  readonly requestId: string;
  readonly traceId: string;
  readonly traceparent: string;
  /** The valid `tracestate` header of other tracing systems, to propagate; null without one. */
  readonly tracestate: string | null;
  /** Ends with the response; null if tracing is off. */
  readonly span: Span | null;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Aborted when the service starts to stop: long polls end. */
  readonly closing: AbortSignal;
  user: AuthUser | null;
  etag: string | null;
  /** The path template, if Fastify has none (the gateway reads its routes from documents). */
  route: string | null;
  claim: IdempotencyClaim | null;
  /** Additional fields of the log line of the request. */
  log: Record<string, unknown>;
}

declare module 'fastify' {
  interface FastifyRequest {
    roost: RequestContext;
    rawBody?: Buffer;
  }
}

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return runInScope(context, work);
}

/** The context of the current request; undefined in event handlers and jobs. */
export function currentRequest(): RequestContext | undefined {
  // Only `runInContext` opens scopes.
  return currentScope() as RequestContext | undefined;
}

/** Adds fields to the log line of the current request. Only ids and codes, no contents. */
export function addLogFields(fields: Record<string, unknown>): void {
  const context = currentRequest();
  if (context) Object.assign(context.log, fields);
}

/** Headers that link an outgoing call to the current request and trace. */
export function tracingHeaders(): Record<string, string> {
  const context = currentRequest();
  const traceparent = activeTraceparent() ?? context?.traceparent;
  return {
    ...(context ? { 'x-request-id': context.requestId } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(context?.tracestate ? { tracestate: context.tracestate } : {}),
  };
}

const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** Health probes and metrics scrapes: neither logged nor traced. */
export function isProbe(route: string | undefined): boolean {
  return route !== undefined && (route.startsWith('/health/') || route === '/metrics');
}

/** The context of a new request. Starts its span if tracing is on. */
export function openContext(
  request: FastifyRequest,
  reply: FastifyReply,
  { service, closing, tracing }: { service: string; closing: AbortSignal; tracing: Tracing },
): RequestContext {
  const sentId = request.headers['x-request-id'];
  const requestId = typeof sentId === 'string' && REQUEST_ID.test(sentId) ? sentId : randomUUID();
  const { traceparent, tracestate } = request.headers;
  const parent = parseTraceparent(traceparent, tracestate);
  const span =
    tracing.enabled && !isProbe(request.routeOptions.url)
      ? tracing.startSpan(request.method, {
          kind: SpanKind.SERVER,
          parent,
          attributes: { 'http.request.method': request.method, 'url.scheme': request.protocol },
        })
      : null;
  // Without a span, the trace id still links logs, problems and events.
  const spanContext = span?.spanContext() ?? {
    traceId: parent?.traceId ?? randomUUID().replaceAll('-', ''),
    // Node generates UUIDs in batches; random bytes would cost one system call per request.
    spanId: randomUUID().replaceAll('-', '').slice(16),
    traceFlags: parent?.traceFlags ?? 1,
  };
  return {
    service,
    requestId,
    traceId: spanContext.traceId,
    traceparent: formatTraceparent(spanContext),
    tracestate: parent && parseTracestate(tracestate),
    span,
    request,
    reply,
    closing,
    user: null,
    etag: null,
    route: null,
    claim: null,
    em: null,
    log: {},
  };
}

/** Ends the span of a request after the response, with its status and code. */
export function closeSpan(
  { span, request, reply, route: template, log }: RequestContext,
  tracing: Tracing,
): void {
  if (!span) return;
  const route = template ?? request.routeOptions.url?.replace(/:(\w+)/g, '{$1}');
  const { statusCode } = reply;
  const code = typeof log.code === 'string' ? log.code : undefined;
  // Not the path: some paths contain secrets (the key of a calendar feed).
  if (route !== undefined) span.updateName(`${request.method} ${route}`).setAttribute('http.route', route);
  span.setAttribute('http.response.status_code', statusCode);
  if (code !== undefined) span.setAttribute('roost.code', code);
  if (typeof log.operation === 'string') span.setAttribute('graphql.operation.name', log.operation);
  if (statusCode >= 500) tracing.recordError(span, { code: code ?? String(statusCode) });
  span.end();
}
