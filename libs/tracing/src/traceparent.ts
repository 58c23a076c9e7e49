import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';

/** W3C Trace Context. A later version may append further fields after a dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const MAX_TRACEPARENT_CHARACTERS = 256;

/** Limits of the standard; a tracestate above them is discarded. */
const MAX_TRACESTATE_CHARACTERS = 512;
const MAX_TRACESTATE_MEMBERS = 32;
const TRACESTATE_MEMBER =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** The caller's span. Null if the traceparent is not valid: then a new trace starts. */
export function parseTraceparent(traceparent: unknown, tracestate?: unknown): SpanContext | null {
  if (typeof traceparent !== 'string' || traceparent.length > MAX_TRACEPARENT_CHARACTERS) return null;
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(traceparent) ?? [];
  if (!version || !traceId || !spanId || !flags) return null;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  const state = parseTracestate(tracestate);
  return {
    traceId,
    spanId,
    // Only the flag "sampled" is used; unknown flags must not be passed on.
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(state === null ? {} : { traceState: createTraceState(state) }),
  };
}

/** The normalized tracestate of other tracing systems, to pass on; null if it is absent or exceeds the standard's limits. */
export function parseTracestate(header: unknown): string | null {
  if (typeof header !== 'string' || header.length > MAX_TRACESTATE_CHARACTERS) return null;
  const members = header
    .split(',')
    .map((member) => member.trim())
    .filter(Boolean);
  if (members.length === 0 || members.length > MAX_TRACESTATE_MEMBERS) return null;
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  const isValid = keys.size === members.length && members.every((member) => TRACESTATE_MEMBER.test(member));
  return isValid ? members.join(',') : null;
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
}
