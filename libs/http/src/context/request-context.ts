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

/** A claim on an idempotency key by the request that is running. */
export interface IdempotencyClaim {
  userId: string;
  method: string;
  path: string;
  key: string;
  lease: string;
  stored: boolean;
  /** The answer carries a secret: it is kept encrypted. */
  sealed: boolean;
}

/** What is known about the request being answered; reachable everywhere below it. */
export interface RequestContext extends RequestScope {
  readonly requestId: string;
  readonly traceId: string;
  readonly traceparent: string;
  /** What other tracing systems want handed on with the trace; null when there is nothing sound. */
  readonly tracestate: string | null;
  /** Ends with the answer; null when this service is not traced. */
  readonly span: Span | null;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Aborted when the service is about to stop: nobody should wait any longer. */
  readonly closing: AbortSignal;
  user: AuthUser | null;
  etag: string | null;
  /** The path template, where Fastify does not know it (the gateway's routes are in documents). */
  route: string | null;
  claim: IdempotencyClaim | null;
  /** Fields that go into the log line of the request. */
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

/** The request that is being answered, if any: none in event handlers and jobs. */
export function currentRequest(): RequestContext | undefined {
  // Only `runInContext` opens scopes.
  return currentScope() as RequestContext | undefined;
}

/** Adds fields to the log line of this request: ids and codes, never contents. */
export function addLogFields(fields: Record<string, unknown>): void {
  const context = currentRequest();
  if (context) Object.assign(context.log, fields);
}

/** Headers that tie an outgoing call to the request that caused it. */
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

/** Nobody asks how the probes of machines went. */
export function isProbe(route: string | undefined): boolean {
  return route !== undefined && (route.startsWith('/health/') || route === '/metrics');
}

export function openContext(
  service: string,
  request: FastifyRequest,
  reply: FastifyReply,
  closing: AbortSignal,
  tracing: Tracing,
): RequestContext {
  const sentId = request.headers['x-request-id'];
  const requestId = typeof sentId === 'string' && REQUEST_ID.test(sentId) ? sentId : randomUUID();
  const { traceparent, tracestate } = request.headers;
  const parent = parseTraceparent(traceparent, tracestate);
  const span =
    tracing.on && !isProbe(request.routeOptions.url)
      ? tracing.begin(request.method, {
          kind: SpanKind.SERVER,
          parent,
          attributes: { 'http.request.method': request.method, 'url.scheme': request.protocol },
        })
      : null;
  // Without a span there still is a trace: logs, problems and events are tied together by it.
  const here = span?.spanContext() ?? {
    traceId: parent?.traceId ?? randomUUID().replaceAll('-', ''),
    // Node draws UUIDs in advance; bytes cost a call into the kernel for each request.
    spanId: randomUUID().replaceAll('-', '').slice(16),
    traceFlags: parent?.traceFlags ?? 1,
  };
  return {
    service,
    requestId,
    traceId: here.traceId,
    traceparent: formatTraceparent(here),
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

/** The answer is sent: the span says how it went, by status and code. */
export function closeSpan(
  { span, request, reply, route: known, log }: RequestContext,
  tracing: Tracing,
): void {
  if (!span) return;
  const route = known ?? request.routeOptions.url?.replace(/:(\w+)/g, '{$1}');
  const { statusCode } = reply;
  const code = typeof log.code === 'string' ? log.code : undefined;
  // A path would show the secrets that some carry (a feed's key); the template shows none.
  if (route !== undefined) span.updateName(`${request.method} ${route}`).setAttribute('http.route', route);
  span.setAttribute('http.response.status_code', statusCode);
  if (code !== undefined) span.setAttribute('roost.code', code);
  if (typeof log.operation === 'string') span.setAttribute('graphql.operation.name', log.operation);
  if (statusCode >= 500) tracing.failed(span, { code: code ?? String(statusCode) });
  span.end();
}
