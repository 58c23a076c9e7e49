import {
  type Attributes,
  context,
  type Context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { formatTraceparent } from './traceparent.js';

export { SpanKind, type Attributes, type Span };

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
  /** The parent instead of the active span: a span of another process, or null for a new trace. */
  parent?: SpanContext | null;
}

/** The span that a service without tracing uses. */
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/**
 * The spans of one service. A process may host several services, so only the context of the active span is global: a child
 * span belongs to the service that creates it.
 *
 * Attributes are ids, codes, counts and templates: never bodies, secrets, personal data or error messages.
 */
export class Tracing {
  static readonly off = new Tracing(null);

  constructor(
    private readonly tracer: Tracer | null,
    private readonly shutdown: () => Promise<void> = () => Promise.resolve(),
  ) {}

  get enabled(): boolean {
    return this.tracer !== null;
  }

  /** Starts a span that the caller ends; `within` makes it active. */
  startSpan(name: string, options: SpanOptions = {}): Span {
    return this.tracer ? this.tracer.startSpan(name, spanOptions(options), contextOf(options)) : NO_SPAN;
  }

  /** Runs `work` with `span` as the active span, and does not end it. */
  runInSpan<T>(span: Span, work: () => T): T {
    return this.tracer ? context.with(trace.setSpan(context.active(), span), work) : work();
  }

  /** Runs `work` in a new span. Records the code of an error and rethrows it. */
  async run<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    if (!this.tracer) return work(NO_SPAN);
    const parent = contextOf(options);
    const span = this.tracer.startSpan(name, spanOptions(options), parent);
    try {
      return await context.with(trace.setSpan(parent, span), () => work(span));
    } catch (error) {
      recordError(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** As `run` if a sampled span is active; otherwise runs `work` without a span. */
  async runIfTraced<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    return this.tracer && trace.getActiveSpan()?.isRecording()
      ? this.run(name, options, work)
      : work(NO_SPAN);
  }

  /** Marks the span as failed, with the code of the error as `error.type`. */
  recordError(span: Span, error: unknown): void {
    recordError(span, error);
  }

  /** Sends the queued spans, for at most two seconds, and discards the rest. */
  close(): Promise<void> {
    return this.shutdown();
  }
}

/** The `traceparent` of the active span, to pass to other processes; undefined without a trace. */
export function activeTraceparent(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active && isSpanContextValid(active) ? formatTraceparent(active) : undefined;
}

/** Runs work without an active span, so that its spans do not become part of the current trace. */
export function runWithoutTrace<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}

function contextOf({ parent }: SpanOptions): Context {
  if (parent === undefined) return context.active();
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function spanOptions({ kind = SpanKind.INTERNAL, attributes }: SpanOptions) {
  return attributes ? { kind, attributes } : { kind };
}

/** A problem with a status below 500 is a response to the client and not recorded as a failure. */
function recordError(span: Span, error: unknown): void {
  const { code, cause, name, status } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    cause?: { code?: unknown };
    name?: unknown;
    status?: unknown;
  };
  const type = [code, cause?.code, name].find((each) => typeof each === 'string') ?? 'Unknown';
  if (typeof status === 'number' && status < 500) {
    span.setAttribute('roost.code', type);
    return;
  }
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
