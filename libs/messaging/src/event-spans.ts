import {
  type Attributes,
  formatTraceparent,
  parseTraceparent,
  type Span,
  SpanKind,
  type Tracing,
} from '@roost/tracing';
import type { EventEnvelope } from './envelope.js';
import type { OnProcessed } from './transport.js';

/** The attributes of an event in a span: names and ids, never its body. */
interface PublishedEvent {
  readonly type: string;
  readonly topic: string;
  readonly key: string;
}

const SYSTEM = { 'messaging.system': 'roost.outbox' };

/**
 * The `create` spans of one transaction: from the INSERT of an outbox row to the commit. Such a span is the parent of the
 * event's handlers in every process; the time from its end to their start is the delivery delay.
 */
export class CreateSpans {
  readonly #spans: Span[] = [];

  constructor(private readonly tracing: Tracing) {}

  /** Starts a span for `count` events of this type. Returns its `traceparent`; undefined when tracing is off. */
  start(event: PublishedEvent, count: number): string | undefined {
    if (!this.tracing.enabled) return undefined;
    const span = this.tracing.startSpan(`create ${event.type}`, {
      kind: SpanKind.PRODUCER,
      attributes: {
        ...SYSTEM,
        'messaging.operation.type': 'create',
        'messaging.destination.name': event.topic,
        'cloudevents.event_type': event.type,
        ...(count === 1 ? { 'roost.key': event.key } : { 'messaging.batch.message_count': count }),
      },
    });
    this.#spans.push(span);
    return formatTraceparent(span.spanContext());
  }

  committed(): void {
    for (const span of this.#spans) span.end();
  }

  /** Ends the spans as failed: their events are never published. */
  rolledBack(error: unknown): void {
    for (const span of this.#spans) {
      this.tracing.recordError(span, error);
      span.setAttribute('roost.rolled_back', true).end();
    }
  }
}

/** Starts the `send` span of an event whose sink is another system. Returns `onProcessed`, which also ends the span. */
export function traceSending(
  tracing: Tracing,
  system: string | undefined,
  event: EventEnvelope,
  onProcessed: OnProcessed,
): OnProcessed {
  const parent = tracing.enabled && system !== undefined ? parseTraceparent(event.traceparent) : null;
  if (!parent) return onProcessed;
  const span = tracing.startSpan(`send ${event.topic}`, {
    kind: SpanKind.PRODUCER,
    parent,
    attributes: {
      'messaging.system': system ?? '',
      'messaging.operation.type': 'send',
      'messaging.destination.name': event.topic,
      'messaging.message.id': event.id,
    },
  });
  return (refusalCode) => {
    if (refusalCode !== undefined) span.setAttribute('error.type', refusalCode);
    span.end();
    onProcessed(refusalCode);
  };
}

interface Processing {
  readonly tracing: Tracing;
  /** The listening service. */
  readonly service: string;
  readonly event: EventEnvelope;
  readonly attributes: Attributes;
}

/** Runs `work` in the `process` span of one try of one event. */
export function traceProcessing<T>(
  { tracing, service, event, attributes }: Processing,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  if (!tracing.enabled) return tracing.run('', {}, work);
  return tracing.run(
    `process ${event.type}`,
    {
      kind: SpanKind.CONSUMER,
      parent: parseTraceparent(event.traceparent),
      attributes: {
        ...SYSTEM,
        'messaging.operation.type': 'process',
        'messaging.destination.name': event.topic,
        'messaging.consumer.group.name': service,
        'messaging.message.id': event.id,
        'roost.key': event.key,
        'cloudevents.event_type': event.type,
        'cloudevents.event_source': event.source,
        'roost.waited_ms': Math.max(0, Date.now() - Date.parse(event.time)),
        ...attributes,
      },
    },
    work,
  );
}
