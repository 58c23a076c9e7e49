import { randomUUID } from 'node:crypto';
import { events, topicOf, type EventBody, type EventType } from '@roost/contracts';

/** No event's body is larger: the outbox refuses to write one, Kafka's topics to take one, a consumer to read one. */
export const EVENT_LIMIT_BYTES = 900_000;

/** jsonb is told with a blank after each comma and colon, which makes the densest JSON half as large again. */
const DENSEST_BYTES = EVENT_LIMIT_BYTES / 1.5;

/** The bytes of a body as it will travel, given as `JSON.stringify` writes it. */
export function toldBytes(json: string): number {
  const bytes = Buffer.byteLength(json);
  if (bytes <= DENSEST_BYTES) return bytes;
  return bytes + (json.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/[,:]/g)?.length ?? 0);
}

/** One event as it travels: CloudEvents attributes (headers in Kafka) and the body as JSON text (the value). */
export interface EventEnvelope {
  readonly id: string;
  readonly type: string;
  /** `/bookings` */
  readonly source: string;
  readonly topic: string;
  /** ce_subject: the aggregate's id. Order holds per topic and key. */
  readonly key: string;
  /** RFC 3339. */
  readonly time: string;
  readonly aggregateVersion: number | null;
  readonly schemaVersion: number;
  readonly traceparent: string | null;
  readonly data: string;
}

/** What a handler gets beside the body. */
export interface EventMeta {
  readonly id: string;
  readonly type: EventType;
  readonly source: string;
  /** The aggregate's id. */
  readonly subject: string;
  readonly time: Date;
  readonly aggregateVersion: number | null;
  readonly schemaVersion: number;
  readonly traceparent?: string;
}

export function metaOf(event: EventEnvelope): EventMeta {
  return {
    id: event.id,
    type: event.type as EventType,
    source: event.source,
    subject: event.key,
    time: new Date(event.time),
    aggregateVersion: event.aggregateVersion,
    schemaVersion: event.schemaVersion,
    ...(event.traceparent ? { traceparent: event.traceparent } : {}),
  };
}

/** The key of a body, checked: an event without its key could not be ordered. */
export function keyOf<T extends EventType>(type: T, body: EventBody<T>): string {
  const key: unknown = Reflect.get(body, events[type].key);
  if (typeof key !== 'string') throw new TypeError(`${type} has no ${events[type].key}`);
  return key;
}

export interface EnvelopeOptions {
  source: string;
  id?: string;
  version?: number;
  time?: Date;
  traceparent?: string;
}

/** An event from outside the outbox: a test that delivers one, a replay. `source` is the publishing service's name. */
export function envelopeOf<T extends EventType>(
  type: T,
  body: EventBody<T>,
  options: EnvelopeOptions,
): EventEnvelope {
  return {
    id: options.id ?? randomUUID(),
    type,
    source: `/${options.source}`,
    topic: topicOf(type, options.source),
    key: keyOf(type, body),
    time: (options.time ?? new Date()).toISOString(),
    aggregateVersion: options.version ?? null,
    schemaVersion: events[type].version,
    traceparent: options.traceparent ?? null,
    data: JSON.stringify(body),
  };
}
