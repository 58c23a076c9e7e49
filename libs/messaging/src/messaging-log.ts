import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import type { EventEnvelope } from './envelope.js';
import { errorCode } from './errors.js';
import { MESSAGING_OPTIONS, type MessagingLogger, type MessagingOptions } from './options.js';
import type { Outcome } from './outcome.js';

/** Logs and counts what happens to events. */
@Injectable()
export class MessagingLog {
  readonly #logger: MessagingLogger;
  readonly #metrics: ReturnType<typeof metricsOn> | undefined;

  constructor(@Inject(MESSAGING_OPTIONS) options: MessagingOptions) {
    this.#logger = options.logger ?? nestLogger();
    this.#metrics = options.metrics && metricsOn(options.metrics);
  }

  /** Call it after the commit. */
  published(type: string, count: number): void {
    this.#metrics?.published.inc({ type }, count);
  }

  handled(event: EventEnvelope, outcome: Outcome, durationMs: number): void {
    const lagMs = Date.now() - Date.parse(event.time);
    this.#metrics?.handled.inc({ type: event.type, outcome });
    if (outcome === 'handled') {
      this.#metrics?.duration.observe({ type: event.type }, durationMs / 1000);
      this.#metrics?.lag.observe({ type: event.type }, lagMs / 1000);
    }
    this.#logger.info({ ...fieldsOf(event), outcome, durationMs: Math.round(durationMs), lagMs }, 'event');
  }

  failed(event: EventEnvelope, error: unknown, tries: number, retryInMs: number): void {
    this.#metrics?.failed.inc({ type: event.type, code: errorCode(error) });
    this.#logger.warn(
      { ...fieldsOf(event), code: errorCode(error), tries, retryInMs: Math.round(retryInMs), err: error },
      'event handler failed; the event will be retried',
    );
  }

  deadLettered(event: EventEnvelope, error: unknown, tries: number): void {
    this.#metrics?.deadLettered.inc({ type: event.type, code: errorCode(error) });
    this.#logger.error(
      { ...fieldsOf(event), code: errorCode(error), tries, err: error },
      'event parked as a dead letter; later events of its key are queued',
    );
  }

  redriven(event: EventEnvelope): void {
    this.#metrics?.handled.inc({ type: event.type, outcome: 'redriven' });
    this.#logger.info(fieldsOf(event), 'event redriven');
  }

  redriveFailed(error: unknown): void {
    this.#logger.warn({ code: errorCode(error), err: error }, 'redrive interrupted; it will be resumed');
  }

  afterCommitFailed(error: unknown): void {
    this.#logger.error({ code: errorCode(error), err: error }, 'afterCommit callback failed');
  }

  relayed(count: number): void {
    this.#metrics?.relayed.inc(count);
  }

  relayLost(error: unknown, retryInMs: number): void {
    this.#logger.warn(
      { code: errorCode(error), retryInMs, err: error },
      'outbox relay lost its database connection',
    );
  }

  pruned(rows: number): void {
    this.#logger.info({ rows }, 'outbox pruned');
  }
}

function fieldsOf(event: EventEnvelope) {
  return {
    eventId: event.id,
    eventType: event.type,
    key: event.key,
    traceparent: event.traceparent ?? undefined,
  };
}

function nestLogger(): MessagingLogger {
  const logger = new Logger('Events');
  return {
    info: (fields, message) => logger.debug({ message, ...fields }),
    warn: (fields, message) => logger.warn({ message, ...fields }),
    error: (fields, message) => logger.error({ message, ...fields }),
  };
}

function metricsOn(registry: NonNullable<MessagingOptions['metrics']>) {
  const registers = [registry];
  const buckets = [0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
  return {
    published: new Counter({
      name: 'roost_events_published_total',
      help: 'Events that committed transactions of this process have published, by type',
      labelNames: ['type'],
      registers,
    }),
    relayed: new Counter({
      name: 'roost_outbox_relayed_total',
      help: 'Events that the relay has read from the outbox',
      registers,
    }),
    handled: new Counter({
      name: 'roost_events_handled_total',
      help: 'Processed events by type and outcome',
      labelNames: ['type', 'outcome'],
      registers,
    }),
    failed: new Counter({
      name: 'roost_events_failed_total',
      help: 'Failed tries that will be retried, by type and code of the error',
      labelNames: ['type', 'code'],
      registers,
    }),
    deadLettered: new Counter({
      name: 'roost_events_parked_total',
      help: 'Events that became dead letters, by type and code of the error',
      labelNames: ['type', 'code'],
      registers,
    }),
    duration: new Histogram({
      name: 'roost_event_handler_seconds',
      help: 'Duration in seconds of a successful try with its transaction, by type of event',
      labelNames: ['type'],
      buckets,
      registers,
    }),
    lag: new Histogram({
      name: 'roost_event_lag_seconds',
      help: 'Seconds from the creation of an event to the end of its handler, by type of event',
      labelNames: ['type'],
      buckets,
      registers,
    }),
  };
}
