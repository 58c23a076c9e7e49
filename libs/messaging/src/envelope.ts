import { randomUUID } from 'node:crypto';
import { events, topicOf, type EventBody, type EventType } from '@roost/contracts';

/** The limit of an event's body. The outbox, the topics of Kafka and the consumers reject a larger one. */
export const EVENT_LIMIT_BYTES = 900_000;

/** jsonb is printed with a space after each comma and colon, which makes JSON at most half as large again. */
const ALWAYS_WITHIN_LIMIT_BYTES = EVENT_LIMIT_BYTES / 1.5;

/** The size in bytes of a body as it is sent; `json` is the result of `JSON.stringify`. */
export function transportBytes(json: string): number {
  const bytes = Buffer.byteLength(json);
  if (bytes <= ALWAYS_WITHIN_LIMIT_BYTES) return bytes;
  return bytes + (json.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/[,:]/g)?.length ?? 0);
}

/** One event as it is sent: CloudEvents attributes (headers in Kafka) and the body as JSON text (the value). */
export interface EventEnvelope {
  readonly id: string;
  readonly type: string;
  /** `/bookings` */
  readonly source: string;
  readonly topic: string;
  /** ce_subject: the aggregate's id. Events are ordered per topic and key. */
  readonly key: string;
  /** RFC 3339. */
  readonly time: string;
  readonly aggregateVersion: number | null;
  readonly schemaVersion: number;
  readonly traceparent: string | null;
  readonly data: string;
}

/** The attributes that a handler receives with the body. */
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

/** The key of a body. Throws a TypeError if it is missing: the event could not be ordered. */
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

/** Builds an event without the outbox, for tests and replays. `source` is the publishing service's name. */
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

/** The body of an event for operators: as JSON, or as text if it is not JSON. */
export function readBody({ data }: EventEnvelope): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
