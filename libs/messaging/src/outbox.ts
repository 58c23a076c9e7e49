import type { EntityManager } from '@mikro-orm/postgresql';
import { events, parseEvent, topicOf, type EventBody, type EventType } from '@roost/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { EVENT_LIMIT_BYTES, keyOf, toldBytes } from './envelope.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { Transactions } from './transactions.js';

export interface OutboxOptions {
  /** The aggregate's version, on every event of an aggregate that has one. Consumers that mirror a state topic need it. */
  version?: number;
}

/** The columns a raw statement fills, in the order of `Outbox.row`. */
export const OUTBOX_COLUMNS =
  'type, topic, key, compacted, aggregate_version, schema_version, traceparent, body';

/** Writes events beside the state they announce. */
@Injectable()
export class Outbox {
  constructor(
    private readonly transactions: Transactions,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
  ) {}

  /** Adds one event to the transaction of `em`. The body is cut to its contract: what the schema doesn't name never leaves the service. */
  async add<T extends EventType>(
    em: EntityManager,
    type: T,
    body: EventBody<T>,
    options: OutboxOptions = {},
  ): Promise<void> {
    await em.execute(
      `INSERT INTO outbox_event (${OUTBOX_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?::jsonb)`,
      this.row(type, body, options),
      'run',
    );
  }

  /** Many events of one type, for what is written in bulk; they are published in this order. */
  async addAll<T extends EventType>(
    em: EntityManager,
    type: T,
    events: readonly { body: EventBody<T>; version?: number }[],
  ): Promise<void> {
    const [first] = events;
    if (!first) return;
    const traceparent = this.#publishing(type, first.body, events.length);
    const rows = events.map(({ body, version }) => this.#values(type, body, version, traceparent));
    await em.execute(
      `INSERT INTO outbox_event (${OUTBOX_COLUMNS}) VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?::jsonb)').join(', ')}`,
      rows.flat(),
      'run',
    );
  }

  /**
   * The values of OUTBOX_COLUMNS, for a raw statement that writes state and event at once; cast the last one: `?::jsonb`.
   * Call it inside Transactions.run, so that the relay is woken after the commit.
   */
  row<T extends EventType>(type: T, body: EventBody<T>, options: OutboxOptions = {}): unknown[] {
    return this.#values(type, body, options.version, this.#publishing(type, body, 1));
  }

  #publishing<T extends EventType>(type: T, body: EventBody<T>, count: number): string | null {
    const topic = topicOf(type, this.options.service);
    return this.transactions.publishing({ type, topic, key: keyOf(type, body) }, count) ?? null;
  }

  #values<T extends EventType>(
    type: T,
    body: EventBody<T>,
    version: number | undefined,
    traceparent: string | null,
  ): unknown[] {
    const event = events[type];
    if (event.kind === 'state' && version === undefined) {
      throw new TypeError(`${type} is a state event: it needs its aggregate's version`);
    }
    return [
      type,
      topicOf(type, this.options.service),
      keyOf(type, body),
      event.kind === 'state',
      version ?? null,
      event.version,
      traceparent,
      limited(type, JSON.stringify(parseEvent(type, body))),
    ];
  }
}

/** Kafka would not take it, and it could not be told later: so its use case fails. */
function limited(type: string, body: string): string {
  const bytes = toldBytes(body);
  if (bytes > EVENT_LIMIT_BYTES) {
    throw new RangeError(`${type} has ${bytes} bytes, the limit is ${EVENT_LIMIT_BYTES}`);
  }
  return body;
}
