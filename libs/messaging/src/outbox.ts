import type { EntityManager } from '@mikro-orm/postgresql';
import { events, parseEvent, topicOf, type EventBody, type EventType } from '@roost/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { EVENT_LIMIT_BYTES, keyOf, transportBytes } from './envelope.js';
import { MessagingLog } from './messaging-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import {
  insertOutboxEvent,
  insertOutboxEvents,
  type NewOutboxEvent,
  outboxValues,
} from './outbox.queries.js';
import { Transactions } from './transactions.js';

export interface OutboxOptions {
  /** The aggregate's version. Required for state events: mirrors discard an event that is not newer. */
  version?: number;
}

/** Publishes events in the transaction that changes the state. */
@Injectable()
export class Outbox {
  constructor(
    private readonly transactions: Transactions,
    private readonly log: MessagingLog,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
  ) {}

  /**
   * Adds an event to the transaction of `em`. Fields that the contract does not name are removed from the body.
   * Throws a TypeError for a state event without a version and a RangeError for a body over 900,000 bytes.
   */
  async add<T extends EventType>(
    em: EntityManager,
    type: T,
    body: EventBody<T>,
    options: OutboxOptions = {},
  ): Promise<void> {
    await insertOutboxEvent(em, this.#newEvent(type, body, options));
  }

  /** Adds many events of one type in one statement; they are published in this order. */
  async addAll<T extends EventType>(
    em: EntityManager,
    type: T,
    events: readonly { body: EventBody<T>; version?: number }[],
  ): Promise<void> {
    const [first] = events;
    if (!first) return;
    const bodies = events.map(({ body }) => body);
    const common = this.#common(type, this.#registerPublication(type, bodies));
    await insertOutboxEvents(
      em,
      common,
      events.map(({ body, version }) => individual(type, body, version)),
    );
  }

  /**
   * The values of OUTBOX_COLUMNS, for a statement that writes state and event at once; the last value needs a cast to
   * jsonb. Call it inside `Transactions.run`, so that the relay is woken after the commit.
   */
  row<T extends EventType>(type: T, body: EventBody<T>, options: OutboxOptions = {}): unknown[] {
    return outboxValues(this.#newEvent(type, body, options));
  }

  #newEvent<T extends EventType>(type: T, body: EventBody<T>, { version }: OutboxOptions): NewOutboxEvent {
    const traceparent = this.#registerPublication(type, [body]);
    return { ...this.#common(type, traceparent), ...individual(type, body, version) };
  }

  #registerPublication<T extends EventType>(type: T, bodies: readonly EventBody<T>[]): string | null {
    const [first] = bodies;
    if (!first) return null;
    const topic = topicOf(type, this.options.service);
    const traceparent = this.transactions.registerPublication(
      { type, topic, key: keyOf(type, first) },
      bodies.length,
      () => this.#count(type, bodies),
    );
    return traceparent ?? null;
  }

  #count<T extends EventType>(type: T, bodies: readonly EventBody<T>[]): void {
    this.log.published(type, bodies.length);
    const count = this.options.figures?.[type] as ((body: EventBody<T>) => void) | undefined;
    if (count) for (const body of bodies) count(body);
  }

  #common(type: EventType, traceparent: string | null) {
    return {
      type,
      topic: topicOf(type, this.options.service),
      compacted: events[type].kind === 'state',
      schemaVersion: events[type].version,
      traceparent,
    };
  }
}

function individual<T extends EventType>(type: T, body: EventBody<T>, version: number | undefined) {
  if (events[type].kind === 'state' && version === undefined) {
    throw new TypeError(`${type} is a state event and requires the version of its aggregate`);
  }
  return {
    key: keyOf(type, body),
    version: version ?? null,
    body: withinLimit(type, JSON.stringify(parseEvent(type, body))),
  };
}

/** Kafka rejects a larger message, and it could never be published later: so the use case fails. */
function withinLimit(type: string, body: string): string {
  const bytes = transportBytes(body);
  if (bytes > EVENT_LIMIT_BYTES) {
    throw new RangeError(`${type} has ${bytes} bytes, the limit is ${EVENT_LIMIT_BYTES}`);
  }
  return body;
}
