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
  /** Instead of the span that is active: one in another process, or null for a trace of its own. */
  parent?: SpanContext | null;
}

/** Stands for every span of a service that is not traced. */
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/**
 * The spans of one service. A process may host several services, so nothing here is global but the context that says
 * which span is active: a child belongs to the service that makes it.
 *
 * Attributes are ids, codes, counts and templates: never a body, a secret, a person, nor the text of an error.
 */
export class Tracing {
  static readonly off = new Tracing(null);

  constructor(
    private readonly tracer: Tracer | null,
    private readonly end: () => Promise<void> = () => Promise.resolve(),
  ) {}

  get on(): boolean {
    return this.tracer !== null;
  }

  /** A span whose end somebody else sees; give it to `within` to make it active. */
  begin(name: string, options: SpanOptions = {}): Span {
    return this.tracer ? this.tracer.startSpan(name, spanOptions(options), contextOf(options)) : NO_SPAN;
  }

  /** `work` as what happens in `span`, whose end is not its business. */
  within<T>(span: Span, work: () => T): T {
    return this.tracer ? context.with(trace.setSpan(context.active(), span), work) : work();
  }

  /** A span around `work`. What it throws is noted by its code and thrown on. */
  async run<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    if (!this.tracer) return work(NO_SPAN);
    const parent = contextOf(options);
    const span = this.tracer.startSpan(name, spanOptions(options), parent);
    try {
      return await context.with(trace.setSpan(parent, span), () => work(span));
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** As `run`, where there is a trace that wants to know; else there is no span. */
  async inside<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    return this.tracer && trace.getActiveSpan()?.isRecording()
      ? this.run(name, options, work)
      : work(NO_SPAN);
  }

  /** The span ended badly: its `error.type` says how, by a code. */
  failed(span: Span, error: unknown): void {
    failed(span, error);
  }

  /** Sends what is left, if the collector takes it soon, and lets go of it. */
  close(): Promise<void> {
    return this.end();
  }
}

/** The `traceparent` that what is caused here is given; undefined where no trace is. */
export function activeTraceparent(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active && isSpanContextValid(active) ? formatTraceparent(active) : undefined;
}

/** Runs work as no part of the trace it was woken in. */
export function outsideTraces<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}

function contextOf({ parent }: SpanOptions): Context {
  if (parent === undefined) return context.active();
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function spanOptions({ kind = SpanKind.INTERNAL, attributes }: SpanOptions) {
  return attributes ? { kind, attributes } : { kind };
}

/** A refusal (a problem below 500) is an answer, and no failure. */
function failed(span: Span, error: unknown): void {
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
