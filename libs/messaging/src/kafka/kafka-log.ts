import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventEnvelope } from '../envelope.js';
import { errorCode } from '../errors.js';
import type { MessagingLogger } from '../options.js';
import { kafkaComplaint } from './kafka-complaint.js';

/** The same complaint about the same thing is said once in this time; it is counted every time. */
const SAY_AGAIN_MS = 60_000;

/** One log line and one count per thing that happens between a service and Kafka. */
export class KafkaLog {
  readonly #metrics: ReturnType<typeof metricsOn> | undefined;
  readonly #said = new Map<string, number>();

  constructor(
    private readonly logger: MessagingLogger,
    metrics?: Registry,
  ) {
    this.#metrics = metrics && metricsOn(metrics);
  }

  published(count: number): void {
    this.#metrics?.published.inc(count);
  }

  publishFailed(error: unknown, topics: readonly string[], waiting: number, retryInMs: number): void {
    this.#metrics?.publishFailed.inc({ code: codeOf(error) });
    this.logger.warn(
      { code: codeOf(error), topics, waiting, retryInMs: Math.round(retryInMs), err: error },
      'Kafka did not take events, they will be sent again',
    );
  }

  refused(event: EventEnvelope, error: unknown): void {
    this.#metrics?.refused.inc({ type: event.type, code: codeOf(error) });
    this.logger.error(
      {
        eventId: event.id,
        eventType: event.type,
        topic: event.topic,
        key: event.key,
        bytes: Buffer.byteLength(event.data),
        code: codeOf(error),
        err: error,
      },
      'event can not be published and is left in the outbox',
    );
  }

  unreachable(brokers: readonly string[], error: unknown): void {
    this.logger.warn(
      { code: codeOf(error), brokers, err: error },
      `Kafka does not answer at ${brokers.join(', ')} (KAFKA_BROKERS): ${kafkaComplaint(error)}; Roost keeps trying and is not ready until it does`,
    );
  }

  joined(partitions: number): void {
    this.#metrics?.up.set(1);
    this.logger.info({ partitions }, 'consumer joined its group');
  }

  died(error: unknown, retryInMs: number): void {
    this.#metrics?.up.set(0);
    this.#metrics?.restarts.inc({ code: codeOf(error) });
    this.logger.error(
      { code: codeOf(error), retryInMs: Math.round(retryInMs), err: error },
      'consumer died and will be started again',
    );
  }

  left(): void {
    this.#metrics?.up.set(0);
  }

  commitFailed(error: unknown): void {
    this.logger.warn({ code: codeOf(error) }, 'offsets could not be committed, will be with the next');
  }

  closeFailed(error: unknown): void {
    this.logger.warn({ code: codeOf(error), err: error }, 'a Kafka client did not close cleanly');
  }

  lag(topic: string, partition: number, messages: number): void {
    this.#metrics?.lag.set({ topic, partition }, messages);
  }

  /** Partitions that have gone elsewhere have no lag here. */
  forgetLag(): void {
    this.#metrics?.lag.reset();
  }

  unreadable(place: { topic: string; partition: number; offset: string }, why: Error): void {
    this.#metrics?.unreadable.inc({ topic: place.topic });
    this.logger.error({ ...place, err: why }, 'message is no event and will be parked');
  }

  unknownType(topic: string, type: string): void {
    this.#metrics?.skipped.inc({ topic, reason: 'unknown-type' });
    if (this.#isNews(`type ${type}`)) {
      this.logger.warn(
        { topic, eventType: type },
        'events of a type that no contract here describes are skipped',
      );
    }
  }

  skipped(topic: string, reason: 'tombstone' | 'not-listened'): void {
    this.#metrics?.skipped.inc({ topic, reason });
  }

  newerSchema(event: EventEnvelope, known: number): void {
    this.#metrics?.newerSchema.inc({ type: event.type });
    if (this.#isNews(`schema ${event.type} ${event.schemaVersion}`)) {
      this.logger.warn(
        { eventType: event.type, schemaVersion: event.schemaVersion, known },
        'events of a newer schema version are read by the one known here',
      );
    }
  }

  fromTheFuture(event: EventEnvelope, aheadSeconds: number): void {
    this.#metrics?.skewed.inc({ source: event.source });
    if (this.#isNews(`clock ${event.source}`)) {
      this.logger.warn(
        { source: event.source, eventId: event.id, aheadSeconds },
        'an event is from the future: the clock of its source or of this machine is wrong',
      );
    }
  }

  #isNews(subject: string): boolean {
    const now = performance.now();
    const last = this.#said.get(subject);
    if (last !== undefined && now - last < SAY_AGAIN_MS) return false;
    if (this.#said.size > 1000) this.#said.clear();
    this.#said.set(subject, now);
    return true;
  }
}

/** The broker's word for it where there is one, also below kafkajs' wrappings. */
export function codeOf(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null) return errorCode(error);
  const { type, cause } = error as { type?: unknown; cause?: unknown };
  if (typeof type === 'string') return type;
  if (cause && depth < 4) return codeOf(cause, depth + 1);
  return errorCode(error);
}

function metricsOn(registry: Registry) {
  const registers = [registry];
  return {
    published: new Counter({
      name: 'roost_kafka_published_total',
      help: 'Events that Kafka has acknowledged',
      registers,
    }),
    publishFailed: new Counter({
      name: 'roost_kafka_publish_failures_total',
      help: 'Batches of events that Kafka did not take; they are sent again',
      labelNames: ['code'],
      registers,
    }),
    refused: new Counter({
      name: 'roost_kafka_refused_total',
      help: 'Events that can not be published at all; their rows stay in the outbox',
      labelNames: ['type', 'code'],
      registers,
    }),
    up: new Gauge({
      name: 'roost_kafka_consumer_up',
      help: '1 while the consumer is a member of its group',
      registers,
    }),
    restarts: new Counter({
      name: 'roost_kafka_consumer_restarts_total',
      help: 'Times the consumer died and was started again',
      labelNames: ['code'],
      registers,
    }),
    lag: new Gauge({
      name: 'roost_kafka_consumer_lag',
      help: 'Messages of the partition that have not been fetched yet',
      labelNames: ['topic', 'partition'],
      registers,
    }),
    unreadable: new Counter({
      name: 'roost_events_unreadable_total',
      help: 'Messages that are no events; they are parked',
      labelNames: ['topic'],
      registers,
    }),
    skipped: new Counter({
      name: 'roost_events_skipped_total',
      help: 'Messages that are passed over by rule',
      labelNames: ['topic', 'reason'],
      registers,
    }),
    newerSchema: new Counter({
      name: 'roost_events_newer_schema_total',
      help: 'Events of a newer schema version than is known here',
      labelNames: ['type'],
      registers,
    }),
    skewed: new Counter({
      name: 'roost_events_from_the_future_total',
      help: 'Events whose time is more than a minute ahead of the clock here',
      labelNames: ['source'],
      registers,
    }),
  };
}
