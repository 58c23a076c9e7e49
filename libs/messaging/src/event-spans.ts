import {
  type Attributes,
  formatTraceparent,
  parseTraceparent,
  type Span,
  SpanKind,
  type Tracing,
} from '@roost/tracing';
import type { EventEnvelope } from './envelope.js';
import type { Settled } from './transport.js';

/** What is said of an event in a span: names and ids, never its body. */
interface Announced {
  readonly type: string;
  readonly topic: string;
  readonly key: string;
}

const SYSTEM = { 'messaging.system': 'roost.outbox' };

/**
 * From the writing of an outbox row to its commit. It is what the event's handlers, wherever they run, have as their
 * parent: the time between its end and their beginning is the time that the event has waited.
 */
export class AnnouncedEvents {
  readonly #spans: Span[] = [];

  constructor(private readonly tracing: Tracing) {}

  /** The `traceparent` of what is announced; undefined when nothing is traced. */
  add(event: Announced, count: number): string | undefined {
    if (!this.tracing.on) return undefined;
    const span = this.tracing.begin(`create ${event.type}`, {
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

  /** They never were: a span of such an event says why. */
  rolledBack(error: unknown): void {
    for (const span of this.#spans) {
      this.tracing.failed(span, error);
      span.setAttribute('roost.rolled_back', true).end();
    }
  }
}

/** From the relay's reading of an event to the broker's word for it; gives back what to call then. */
export function sending(
  tracing: Tracing,
  system: string | undefined,
  event: EventEnvelope,
  settled: Settled,
): Settled {
  const parent = tracing.on && system !== undefined ? parseTraceparent(event.traceparent) : null;
  if (!parent) return settled;
  const span = tracing.begin(`send ${event.topic}`, {
    kind: SpanKind.PRODUCER,
    parent,
    attributes: {
      'messaging.system': system ?? '',
      'messaging.operation.type': 'send',
      'messaging.destination.name': event.topic,
      'messaging.message.id': event.id,
    },
  });
  return (refusal) => {
    if (refusal !== undefined) span.setAttribute('error.type', refusal);
    span.end();
    settled(refusal);
  };
}

/** One try of one event by one service. */
export function consumed<T>(
  tracing: Tracing,
  service: string,
  event: EventEnvelope,
  also: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  if (!tracing.on) return tracing.run('', {}, work);
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
        ...also,
      },
    },
    work,
  );
}
