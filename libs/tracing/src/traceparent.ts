import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';

/** W3C Trace Context: a version from the future may say more behind a dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const MAX_TRACEPARENT_CHARACTERS = 256;

/** Limits of the standard; what is above them is dropped whole. */
const MAX_TRACESTATE_CHARACTERS = 512;
const MAX_TRACESTATE_MEMBERS = 32;
const TRACESTATE_MEMBER =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** The span that somebody else is in. Null for anything that is no valid traceparent: then a new trace begins. */
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
    // Of the flags only "sampled" means something to us.
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(state === null ? {} : { traceState: createTraceState(state) }),
  };
}

/** What other tracing systems on the way want to be handed on; null when it is absent or breaks the standard's limits. */
export function parseTracestate(header: unknown): string | null {
  if (typeof header !== 'string' || header.length > MAX_TRACESTATE_CHARACTERS) return null;
  const members = header
    .split(',')
    .map((member) => member.trim())
    .filter(Boolean);
  if (members.length === 0 || members.length > MAX_TRACESTATE_MEMBERS) return null;
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  const sound = keys.size === members.length && members.every((member) => TRACESTATE_MEMBER.test(member));
  return sound ? members.join(',') : null;
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
}
