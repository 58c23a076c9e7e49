/** The spans of one service, created explicitly in a few places and exported over OTLP; without cost when tracing is off. */
export { formatTraceparent, parseTraceparent, parseTracestate } from './traceparent.js';
export { activeTraceparent, runWithoutTrace, SpanKind, Tracing } from './tracing.js';
export type { Attributes, Span, SpanOptions } from './tracing.js';
export { startTracing } from './start-tracing.js';
export type { TracingOptions } from './start-tracing.js';
