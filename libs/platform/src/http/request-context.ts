import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes, randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuthUser } from '../auth/decorators.js';

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
export interface RequestContext {
  readonly service: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly traceparent: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Aborted when the service is about to stop: nobody should wait any longer. */
  readonly closing: AbortSignal;
  user: AuthUser | null;
  etag: string | null;
  claim: IdempotencyClaim | null;
  em: EntityManager | null;
  /** Fields that go into the log line of the request. */
  log: Record<string, unknown>;
}

declare module 'fastify' {
  interface FastifyRequest {
    roost: RequestContext;
    rawBody?: Buffer;
  }
}

const storage = new AsyncLocalStorage<RequestContext>();

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs background work as nobody's request, whoever happened to wake it. */
export function outsideRequests<T>(work: () => T): T {
  return storage.exit(work);
}

/** The request that is being answered, if any: none in event handlers and jobs. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** Adds fields to the log line of this request: ids and codes, never contents. */
export function addLogFields(fields: Record<string, unknown>): void {
  const context = storage.getStore();
  if (context) Object.assign(context.log, fields);
}

/** Headers that tie an outgoing call to the request that caused it. */
export function tracingHeaders(): Record<string, string> {
  const context = storage.getStore();
  return context ? { 'x-request-id': context.requestId, traceparent: context.traceparent } : {};
}

const REQUEST_ID = /^[\w.:-]{1,64}$/;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NO_TRACE = '0'.repeat(32);

export function openContext(
  service: string,
  request: FastifyRequest,
  reply: FastifyReply,
  closing: AbortSignal,
): RequestContext {
  const sentId = request.headers['x-request-id'];
  const requestId = typeof sentId === 'string' && REQUEST_ID.test(sentId) ? sentId : randomUUID();
  const parent = TRACEPARENT.exec(String(request.headers.traceparent ?? ''));
  const traceId = parent?.[1] && parent[1] !== NO_TRACE ? parent[1] : randomUUID().replaceAll('-', '');
  return {
    service,
    requestId,
    traceId,
    traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${parent?.[3] ?? '01'}`,
    request,
    reply,
    closing,
    user: null,
    etag: null,
    claim: null,
    em: null,
    log: {},
  };
}
