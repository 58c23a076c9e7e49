import type { Tracing } from '@roost/tracing';
import type { Registry } from 'prom-client';
import type { EventMeta } from './envelope.js';
import type { EventTransport } from './transport.js';

/** A pino logger fits. */
export interface MessagingLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface MessagingOptions {
  /** The service's name: its events' source, and its name as a listener. */
  service: string;
  /** Where events go to and come from: the process's `EmbeddedBus`, or Kafka. */
  bus: EventTransport;
  logger?: MessagingLogger;
  /** Counters and histograms are registered here. */
  metrics?: Registry;
  /** Spans of transactions, events and their handlers; none when absent. */
  tracing?: Tracing;
  /** How the platform's request context (trace, log fields) reaches events and handlers. */
  context?: {
    traceparent(): string | undefined;
    run<T>(meta: EventMeta, work: () => Promise<T>): Promise<T>;
  };
  /** Waits between the tries of an event that fails by its own fault; one more try than waits. */
  retryDelaysMs?: readonly number[];
  handlerTimeoutSeconds?: number;
  /** Events handled at the same time (different keys). */
  concurrency?: number;
  /** How long facts, and state events that a newer one of their key has replaced, stay in the outbox. */
  retentionDays?: number;
}

export const MESSAGING_OPTIONS = Symbol('MESSAGING_OPTIONS');
