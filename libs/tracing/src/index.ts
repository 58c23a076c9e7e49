/** The spans of one service: made by hand at the few seams that matter, sent over OTLP, and nothing at all when off. */
export { formatTraceparent, parseTraceparent, parseTracestate } from './traceparent.js';
export { activeTraceparent, outsideTraces, SpanKind, Tracing } from './tracing.js';
export type { Attributes, Span, SpanOptions } from './tracing.js';
export { startTracing } from './start-tracing.js';
export type { TracingOptions } from './start-tracing.js';
