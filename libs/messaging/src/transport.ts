import type { EventEnvelope } from './envelope.js';

/** Reports that a sink has processed an event; with a code if the event can never be delivered ("refused"). */
export type OnProcessed = (refusalCode?: string) => void;

/**
 * A destination of a service's events. The relay stores one cursor per sink in the producer's database: with the
 * embedded bus each listening service is a sink; with Kafka the broker is the only one.
 */
export interface EventSink {
  /** The name of its cursor. */
  readonly name: string;
  /** The messaging system, for spans (`messaging.system`); absent where events stay in this process. */
  readonly system?: string;
  wants(type: string): boolean;
  /**
   * Accepts events in order and calls `onProcessed` for each once it is safe (handled, dead-lettered, or acknowledged by
   * the broker), or with an error code if no retry can deliver it: its row is then marked as refused.
   * Never throws: a sink retries by itself, without a limit.
   */
  send(event: EventEnvelope, onProcessed: OnProcessed): void;
}

/** An event that is being delivered to a listening service. */
export interface Delivery {
  readonly event: EventEnvelope;
  /** Called once the event is handled, recognised as a duplicate, or dead-lettered. */
  onProcessed(): void;
  /**
   * Aborted when the transport revokes the delivery: an event whose handler has not started is then dropped, because it
   * will be delivered again, to this process or another.
   */
  readonly revoked?: AbortSignal;
  /** Why the event can't be parsed. It is dead-lettered in the order of its key. */
  readonly unreadable?: Error;
}

/** A listening service, as a transport sees it. */
export interface EventListener {
  readonly service: string;
  readonly types: ReadonlySet<string>;
  /** Retries until the event is handled, recognised as a duplicate, or dead-lettered. Accepted events of a key stay in order. */
  accept(delivery: Delivery): void;
}

/** Has two implementations: `EmbeddedBus` and `KafkaBus`. */
export interface EventTransport {
  sinks(producer: string): Iterable<EventSink>;
  /** Calls `changed` when a sink is added or removed. Returns a function that unsubscribes. */
  onSinksChanged(changed: () => void): () => void;
  /** Delivers events to the listener from now on. Returns a function that stops the delivery. */
  listen(listener: EventListener): Promise<() => Promise<void>>;
}
