import { createHash } from 'node:crypto';
import { events, isEventType, topicsWith } from '@roost/contracts';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { EVENT_LIMIT_BYTES, type EventEnvelope } from '../envelope.js';
import { DEAD_LETTER_TYPE, readNotice } from '../dead-letter-notice.js';
import { MalformedEvent } from '../errors.js';

/** Of an oversized value that much is kept to look at. */
const HEAD_BYTES = 4096;
const NAME_LIMIT = 200;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const POSITIVE = /^[1-9]\d{0,14}$/;
const SCHEMA_VERSION = /^[1-9]\d{0,5}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** CloudEvents 1.0, binary mode. A key's last event brings its tombstone along. */
export function toMessages(event: EventEnvelope): Message[] {
  if (event.type === DEAD_LETTER_TYPE) {
    const { letter, ...failure } = readNotice(event.data);
    return [
      {
        key: letter.key,
        value: letter.data,
        headers: {
          ...headersOf(letter),
          deadletter_topic: letter.topic,
          deadletter_code: failure.code,
          deadletter_detail: failure.detail,
          deadletter_tries: String(failure.tries),
          deadletter_time: event.time,
        },
      },
    ];
  }
  const message = { key: event.key, value: event.data, headers: headersOf(event) };
  if (!isEventType(event.type) || !events[event.type].last) return [message];
  return [message, { key: event.key, value: null }];
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
 * What a message of a topic of ours is: an event; one that can't be read, with whatever could be made out; of a type
 * that no contract here describes (a newer producer's); or the end of a key.
 */
export type Received =
  | { kind: 'event'; event: EventEnvelope }
  | { kind: 'unreadable'; event: EventEnvelope; why: MalformedEvent }
  | { kind: 'unknown'; type: string }
  | { kind: 'tombstone' };

export function fromMessage(topic: string, partition: number, message: KafkaMessage): Received {
  const { value } = message;
  const header = (name: string): string | undefined => {
    const given = message.headers?.[name];
    return (Array.isArray(given) ? given[0] : given)?.toString();
  };
  if (value === null) return { kind: 'tombstone' };
  const type = header('ce_type');
  const key = message.key?.toString();
  const problem =
    complaint(topic, key, header) ??
    (value.length > EVENT_LIMIT_BYTES
      ? `its value has ${value.length} bytes, the limit is ${EVENT_LIMIT_BYTES}`
      : null);
  if (problem === null && type !== undefined && !isEventType(type)) return { kind: 'unknown', type };
  const version = header('ce_aggregateversion');
  const schemaVersion = header('ce_schemaversion') ?? '';
  const place = `${topic}/${partition}/${message.offset}`;
  const id = header('ce_id') ?? '';
  const time = header('ce_time') ?? '';
  const traceparent = header('traceparent') ?? '';
  const event: EventEnvelope = {
    id: UUID.test(id) ? id.toLowerCase() : uuidOf(place),
    type: storable(type || 'unreadable', NAME_LIMIT),
    source: storable(header('ce_source') || '/unknown', NAME_LIMIT),
    topic,
    key: UUID.test(key ?? '') ? String(key) : place,
    time: (isTime(time) ? new Date(time) : new Date(Number(message.timestamp))).toISOString(),
    aggregateVersion: version !== undefined && POSITIVE.test(version) ? Number(version) : null,
    schemaVersion: SCHEMA_VERSION.test(schemaVersion) ? Number(schemaVersion) : 1,
    traceparent: TRACEPARENT.test(traceparent) ? traceparent : null,
    data: bodyOf(value),
  };
  if (problem === null) return { kind: 'event', event };
  return {
    kind: 'unreadable',
    event,
    why: new MalformedEvent(`The message at ${place} is no event: ${problem}`),
  };
}

/** The first thing that is wrong with a message's key and headers. */
function complaint(
  topic: string,
  key: string | undefined,
  header: (name: string) => string | undefined,
): string | null {
  if (!UUID.test(key ?? '')) return 'its key is no UUID';
  const type = header('ce_type');
  if (!type) return 'it has no header ce_type';
  if (header('ce_specversion') !== '1.0') return 'its header ce_specversion is not 1.0';
  if (!UUID.test(header('ce_id') ?? '')) return 'its header ce_id is no UUID';
  if (!header('ce_source')) return 'it has no header ce_source';
  if (header('ce_subject') !== key) return 'its header ce_subject is not its key';
  if (!isTime(header('ce_time') ?? '')) return 'its header ce_time is no time';
  if (!SCHEMA_VERSION.test(header('ce_schemaversion') ?? ''))
    return 'its header ce_schemaversion is no version';
  const version = header('ce_aggregateversion');
  if (version !== undefined && !POSITIVE.test(version)) return 'its header ce_aggregateversion is no version';
  if (!isEventType(type)) return null;
  if (!topicsWith(type).includes(topic)) return `${type} does not belong on this topic`;
  if (events[type].kind === 'state' && version === undefined) return 'it has no header ce_aggregateversion';
  return null;
}

/** From 1970 on, as the tables take it. */
function isTime(text: string): boolean {
  return TIME.test(text) && Date.parse(text) >= 0;
}

/** What is no UTF-8 grows when it is read as such: then its head is kept too, and no more. */
function bodyOf(value: Buffer): string {
  const text = value.length > EVENT_LIMIT_BYTES ? null : storable(value);
  if (text !== null && Buffer.byteLength(text) <= EVENT_LIMIT_BYTES) return text;
  return storable(value.subarray(0, HEAD_BYTES));
}

/** A text column takes no NUL, and no half of a character. */
function storable(text: Buffer | string, limit = Infinity): string {
  return text.toString('utf8').slice(0, limit).replaceAll('\0', '\uFFFD').toWellFormed();
}

/** The same place gives the same id, so that a message that comes again is known. */
function uuidOf(place: string): string {
  const hex = createHash('sha256').update(place).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
