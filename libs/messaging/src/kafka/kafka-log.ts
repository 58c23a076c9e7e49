import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventEnvelope } from '../envelope.js';
import { errorCode } from '../errors.js';
import type { MessagingLogger } from '../options.js';
import { describeKafkaError } from './describe-kafka-error.js';

/** The interval at which a warning about the same subject is repeated in the log; the metrics count every time. */
const REPEAT_AFTER_MS = 60_000;

/** Logs and counts what happens between a service and Kafka. */
export class KafkaLog {
  readonly #metrics: ReturnType<typeof metricsOn> | undefined;
  readonly #loggedAt = new Map<string, number>();

  constructor(
    private readonly logger: MessagingLogger,
    metrics?: Registry,
  ) {
    this.#metrics = metrics && metricsOn(metrics);
  }

  published(count: number): void {
    this.#metrics?.published.inc(count);
  }

  publishFailed(error: unknown, topics: readonly string[], pending: number, retryInMs: number): void {
    this.#metrics?.publishFailed.inc({ code: codeOf(error) });
    this.logger.warn(
      { code: codeOf(error), topics, pending, retryInMs: Math.round(retryInMs), err: error },
      'Kafka did not accept events; they will be sent again',
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
      'event refused by Kafka; it stays in the outbox',
    );
  }

  unreachable(brokers: readonly string[], error: unknown): void {
    this.logger.warn(
      { code: codeOf(error), brokers, err: error },
      `Kafka does not answer at ${brokers.join(', ')} (KAFKA_BROKERS): ${describeKafkaError(error)}; Roost keeps trying and is not ready until it does`,
    );
  }

  joined(partitions: number): void {
    this.#metrics?.up.set(1);
    this.logger.info({ partitions }, 'consumer joined its group');
  }

  crashed(error: unknown, retryInMs: number): void {
    this.#metrics?.up.set(0);
    this.#metrics?.restarts.inc({ code: codeOf(error) });
    this.logger.error(
      { code: codeOf(error), retryInMs: Math.round(retryInMs), err: error },
      'consumer crashed; it will be restarted',
    );
  }

  stopped(): void {
    this.#metrics?.up.set(0);
  }

  commitFailed(error: unknown): void {
    this.logger.warn({ code: codeOf(error) }, 'offsets not committed; the next commit includes them');
  }

  closeFailed(error: unknown): void {
    this.logger.warn({ code: codeOf(error), err: error }, 'Kafka client did not close cleanly');
  }

  lag(topic: string, partition: number, messages: number): void {
    this.#metrics?.lag.set({ topic, partition }, messages);
  }

  /** Other members report the lag of partitions that have been reassigned. */
  resetLag(): void {
    this.#metrics?.lag.reset();
  }

  unreadable(position: { topic: string; partition: number; offset: string }, cause: Error): void {
    this.#metrics?.unreadable.inc({ topic: position.topic });
    this.logger.error({ ...position, err: cause }, 'message is not a valid event; it will be parked');
  }

  unknownType(topic: string, type: string): void {
    this.#metrics?.skipped.inc({ topic, reason: 'unknown-type' });
    if (this.#isDue(`type ${type}`)) {
      this.logger.warn({ topic, eventType: type }, 'skipping events of a type that no contract describes');
    }
  }

  skipped(topic: string, reason: 'tombstone' | 'not-listened'): void {
    this.#metrics?.skipped.inc({ topic, reason });
  }

  newerSchema(event: EventEnvelope, installed: number): void {
    this.#metrics?.newerSchema.inc({ type: event.type });
    if (this.#isDue(`schema ${event.type} ${event.schemaVersion}`)) {
      this.logger.warn(
        { eventType: event.type, schemaVersion: event.schemaVersion, installed },
        'reading events of a newer schema version with the installed one',
      );
    }
  }

  aheadOfClock(event: EventEnvelope, aheadSeconds: number): void {
    this.#metrics?.skewed.inc({ source: event.source });
    if (this.#isDue(`clock ${event.source}`)) {
      this.logger.warn(
        { source: event.source, eventId: event.id, aheadSeconds },
        'event time is in the future; the clock of its source or of this machine is wrong',
      );
    }
  }

  #isDue(subject: string): boolean {
    const now = performance.now();
    const last = this.#loggedAt.get(subject);
    if (last !== undefined && now - last < REPEAT_AFTER_MS) return false;
    if (this.#loggedAt.size > 1000) this.#loggedAt.clear();
    this.#loggedAt.set(subject, now);
    return true;
  }
}

/** The broker's error code if there is one, also of an error that kafkajs has wrapped. */
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
      help: 'Batches of events that Kafka did not accept, by code; they are sent again',
      labelNames: ['code'],
      registers,
    }),
    refused: new Counter({
      name: 'roost_kafka_refused_total',
      help: 'Events that Kafka refused permanently, by type and code; their rows stay in the outbox',
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
      help: 'Restarts of the consumer after a crash, by code',
      labelNames: ['code'],
      registers,
    }),
    lag: new Gauge({
      name: 'roost_kafka_consumer_lag',
      help: 'Messages of the partition that its consumer has not fetched',
      labelNames: ['topic', 'partition'],
      registers,
    }),
    unreadable: new Counter({
      name: 'roost_events_unreadable_total',
      help: 'Messages that are not valid events; they are parked',
      labelNames: ['topic'],
      registers,
    }),
    skipped: new Counter({
      name: 'roost_events_skipped_total',
      help: 'Messages that are skipped: tombstones, and types without a handler or a contract',
      labelNames: ['topic', 'reason'],
      registers,
    }),
    newerSchema: new Counter({
      name: 'roost_events_newer_schema_total',
      help: 'Events of a newer schema version than the installed one',
      labelNames: ['type'],
      registers,
    }),
    skewed: new Counter({
      name: 'roost_events_from_the_future_total',
      help: 'Events whose time is more than a minute ahead of the clock of this machine',
      labelNames: ['source'],
      registers,
    }),
  };
}
