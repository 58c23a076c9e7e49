import { createHash } from 'node:crypto';
import { events, isEventType, topicsWith } from '@roost/contracts';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { EVENT_LIMIT_BYTES, type EventEnvelope } from '../envelope.js';
import { DEAD_LETTER_TYPE, parseDeadLetterNotice } from '../dead-letter-notice.js';
import { MalformedEvent } from '../errors.js';

/** How much of an oversized value is stored. */
const HEAD_BYTES = 4096;
const NAME_LIMIT = 200;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const POSITIVE = /^[1-9]\d{0,14}$/;
const SCHEMA_VERSION = /^[1-9]\d{0,5}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** CloudEvents 1.0, binary mode. The last event of a key is followed by a tombstone. */
export function toMessages(event: EventEnvelope): Message[] {
  if (event.type === DEAD_LETTER_TYPE) {
    const { event: failed, ...failure } = parseDeadLetterNotice(event.data);
    return [
      {
        key: failed.key,
        value: failed.data,
        headers: {
          ...headersOf(failed),
          deadletter_topic: failed.topic,
          deadletter_code: failure.code,
          deadletter_detail: failure.detail,
          deadletter_tries: String(failure.tries),
          deadletter_time: event.time,
        },
      },
    ];
  }
  const message = { key: event.key, value: event.data, headers: headersOf(event) };
  return isLast(event) ? [message, { key: event.key, value: null }] : [message];
}

function isLast({ type, data }: EventEnvelope): boolean {
  const marker = isEventType(type) ? events[type].last : null;
  return marker !== null && (JSON.parse(data) as Record<string, unknown>)[marker] === true;
}

function headersOf(event: EventEnvelope): IHeaders {
  return {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_subject: event.key,
    ce_time: event.time,
    ...(event.aggregateVersion === null ? {} : { ce_aggregateversion: String(event.aggregateVersion) }),
    ce_schemaversion: String(event.schemaVersion),
    ...(event.traceparent ? { traceparent: event.traceparent } : {}),
    'content-type': 'application/json',
  };
}

/**
 * A parsed message of one of Roost's topics.
 * - `event`: a valid event.
 * - `unreadable`: not a valid event; `event` has the attributes that could be parsed, and substitutes for the others.
 * - `unknown`: an event of a type that no contract describes, from a newer producer.
 * - `tombstone`: the end of a key.
 */
export type ParsedMessage =
  | { kind: 'event'; event: EventEnvelope }
  | { kind: 'unreadable'; event: EventEnvelope; cause: MalformedEvent }
  | { kind: 'unknown'; type: string }
  | { kind: 'tombstone' };

export function parseMessage(topic: string, partition: number, message: KafkaMessage): ParsedMessage {
  const { value } = message;
  const headerOf = (name: string): string | undefined => {
    const header = message.headers?.[name];
    return (Array.isArray(header) ? header[0] : header)?.toString();
  };
  if (value === null) return { kind: 'tombstone' };
  const type = headerOf('ce_type');
  const key = message.key?.toString();
  const fault =
    faultOf(topic, key, headerOf) ??
    (value.length > EVENT_LIMIT_BYTES
      ? `its value has ${value.length} bytes, the limit is ${EVENT_LIMIT_BYTES}`
      : null);
  if (fault === null && type !== undefined && !isEventType(type)) return { kind: 'unknown', type };
  const version = headerOf('ce_aggregateversion');
  const schemaVersion = headerOf('ce_schemaversion') ?? '';
  const position = `${topic}/${partition}/${message.offset}`;
  const id = headerOf('ce_id') ?? '';
  const time = headerOf('ce_time') ?? '';
  const traceparent = headerOf('traceparent') ?? '';
  const event: EventEnvelope = {
    id: UUID.test(id) ? id.toLowerCase() : uuidOf(position),
    type: storable(type || 'unreadable', NAME_LIMIT),
    source: storable(headerOf('ce_source') || '/unknown', NAME_LIMIT),
    topic,
    key: UUID.test(key ?? '') ? String(key) : position,
    time: (isTime(time) ? new Date(time) : new Date(Number(message.timestamp))).toISOString(),
    aggregateVersion: version !== undefined && POSITIVE.test(version) ? Number(version) : null,
    schemaVersion: SCHEMA_VERSION.test(schemaVersion) ? Number(schemaVersion) : 1,
    traceparent: TRACEPARENT.test(traceparent) ? traceparent : null,
    data: bodyOf(value),
  };
  if (fault === null) return { kind: 'event', event };
  return {
    kind: 'unreadable',
    event,
    cause: new MalformedEvent(`The message at ${position} is not a valid event: ${fault}`),
  };
}

/** The first fault of a message's key and headers, or null. */
function faultOf(
  topic: string,
  key: string | undefined,
  headerOf: (name: string) => string | undefined,
): string | null {
  if (!UUID.test(key ?? '')) return 'its key is not a UUID';
  const type = headerOf('ce_type');
  if (!type) return 'it has no header ce_type';
  if (headerOf('ce_specversion') !== '1.0') return 'its header ce_specversion is not 1.0';
  if (!UUID.test(headerOf('ce_id') ?? '')) return 'its header ce_id is not a UUID';
  if (!headerOf('ce_source')) return 'it has no header ce_source';
  if (headerOf('ce_subject') !== key) return 'its header ce_subject is not its key';
  if (!isTime(headerOf('ce_time') ?? '')) return 'its header ce_time is not a time';
  if (!SCHEMA_VERSION.test(headerOf('ce_schemaversion') ?? ''))
    return 'its header ce_schemaversion is not a version';
  const version = headerOf('ce_aggregateversion');
  if (version !== undefined && !POSITIVE.test(version))
    return 'its header ce_aggregateversion is not a version';
  if (!isEventType(type)) return null;
  if (!topicsWith(type).includes(topic)) return `${type} does not belong on this topic`;
  if (events[type].kind === 'state' && version === undefined) return 'it has no header ce_aggregateversion';
  return null;
}

/** RFC 3339, from 1970 on, as PostgreSQL accepts it. */
function isTime(text: string): boolean {
  return TIME.test(text) && Date.parse(text) >= 0;
}

/** The whole value, or its head if it is too large. A value that is not UTF-8 grows when it is decoded as such. */
function bodyOf(value: Buffer): string {
  const text = value.length > EVENT_LIMIT_BYTES ? null : storable(value);
  if (text !== null && Buffer.byteLength(text) <= EVENT_LIMIT_BYTES) return text;
  return storable(value.subarray(0, HEAD_BYTES));
}

/** Replaces NUL and lone surrogates, which a text column rejects. */
function storable(text: Buffer | string, limit = Infinity): string {
  return text.toString('utf8').slice(0, limit).replaceAll('\0', '\uFFFD').toWellFormed();
}

/** The same position has the same id, so that a redelivered message is recognised. */
function uuidOf(position: string): string {
  const hex = createHash('sha256').update(position).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
