import { type Span, SpanKind, type Tracing } from '@roost/tracing';
import { tracingHeaders } from './request-context.js';

export interface OutgoingCall {
  /** The called service or provider. */
  peer: string;
  method: string;
  /** The span contains only host and port of it: no user, path, query or fragment. */
  url: string | URL;
  /** The path template: span names must not contain ids or keys. */
  route: string;
  /** 1 for the first attempt. */
  tries?: number;
}

/**
 * Runs an outgoing HTTP call as an active span. `work` gets the headers to send and a function that records the status
 * of the response; a status of 400 and above marks the call as failed.
 */
export function tracedFetch<T>(
  tracing: Tracing,
  call: OutgoingCall,
  work: (headers: Record<string, string>, onStatus: (status: number) => void) => Promise<T>,
): Promise<T> {
  if (!tracing.enabled) return work(tracingHeaders(), () => undefined);
  return tracing.run(`${call.method} ${call.route}`, outgoingSpan(call), (span) =>
    work(tracingHeaders(), (status) => recordStatus(tracing, span, status)),
  );
}

/** The span options of an outgoing call, for callers that end the span themselves. */
export function outgoingSpan({ peer, method, url, route, tries = 1 }: OutgoingCall) {
  const { hostname, port, protocol } = new URL(url);
  return {
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': method,
      'url.template': route,
      'server.address': hostname,
      'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
      'service.peer.name': peer,
      ...(tries > 1 ? { 'http.request.resend_count': tries - 1 } : {}),
    },
  };
}

export function recordStatus(tracing: Tracing, span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (status >= 400) tracing.recordError(span, { code: String(status) });
}
