import { type Span, SpanKind, type Tracing } from '@roost/tracing';
import { tracingHeaders } from './request-context.js';

export interface OutgoingCall {
  /** Who is asked: the name of a service or a provider. */
  peer: string;
  method: string;
  /** Where it is; user, query and fragment are not noted. */
  url: string | URL;
  /** The path as a template: ids and keys do not belong into a span's name. */
  route: string;
  /** 1 for the first try. */
  tries?: number;
}

/** A call to somebody else as a span that is active during `work`; a status of 400 and above is a failure of the call. */
export function callOut<T>(
  tracing: Tracing,
  call: OutgoingCall,
  work: (headers: Record<string, string>, answered: (status: number) => void) => Promise<T>,
): Promise<T> {
  if (!tracing.on) return work(tracingHeaders(), () => undefined);
  return tracing.run(`${call.method} ${call.route}`, spanOf(call), (span) =>
    work(tracingHeaders(), (status) => noteAnswer(tracing, span, status)),
  );
}

/** For a call whose answer somebody else sees. */
export function spanOf({ peer, method, url, route, tries = 1 }: OutgoingCall) {
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

export function noteAnswer(tracing: Tracing, span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (status >= 400) tracing.failed(span, { code: String(status) });
}
