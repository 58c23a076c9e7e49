import type { EventBody, EventType } from '@roost/contracts';
import type { Tracing } from '@roost/tracing';
import type { Registry } from 'prom-client';
import type { EventMeta } from './envelope.js';
import type { EventTransport } from './transport.js';

/** Implemented by a pino logger. */
export interface MessagingLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Called with the body of each event that this process has published, after the commit. */
export type EventFigures = { readonly [T in EventType]?: (body: EventBody<T>) => void };

export interface MessagingOptions {
  /** The service's name: the source of its events, and its name as a listener. */
  service: string;
  /** Sends and delivers events: the `EmbeddedBus` of the process, or a `KafkaBus`. */
  bus: EventTransport;
  logger?: MessagingLogger;
  /** Counters and histograms are registered here. */
  metrics?: Registry;
  /** The figures of the business that the service counts by its events. */
  figures?: EventFigures;
  /** Spans of transactions, events and their handlers; none when absent. */
  tracing?: Tracing;
  /** Connects the platform's request context (trace, log fields) with events and handlers. */
  context?: {
    traceparent(): string | undefined;
    run<T>(meta: EventMeta, work: () => Promise<T>): Promise<T>;
  };
  /** Delays between the tries of an event whose handler fails; there is one more try than delays. */
  retryDelaysMs?: readonly number[];
  handlerTimeoutSeconds?: number;
  /** Receives the errors of the relay, which has its own connection to the database. */
  onRelayError?: (error: unknown) => void;
  /** The maximum of concurrent handlers (of different keys). */
  concurrency?: number;
  /** Retention of facts, and of state events that a newer event of their key has replaced, in the outbox. */
  retentionDays?: number;
}

export const MESSAGING_OPTIONS = Symbol('MESSAGING_OPTIONS');
