import type { EventEnvelope } from './envelope.js';

export type Settled = (refusal?: string) => void;

/**
 * Somewhere a service's events must arrive. The relay keeps one cursor per sink in the producer's database:
 * embedded, each listening service is a sink; with Kafka the broker is the only one.
 */
export interface EventSink {
  /** The cursor's name. */
  readonly name: string;
  /** What carries the events to other processes, as spans call it; absent where they stay in this one. */
  readonly system?: string;
  wants(type: string): boolean;
  /**
   * Takes events in order and calls `settled` for each once it is safe (handled or parked; acknowledged by the broker),
   * or with the code of what is wrong with an event that no try will ever bring through: its row is marked then.
   * Never throws: a sink tries again by itself for as long as it takes.
   */
  send(event: EventEnvelope, settled: Settled): void;
}

/** An event on its way into a listening service. */
export interface Delivery {
  readonly event: EventEnvelope;
  /** Called once it is handled, known already, or parked. */
  settled(): void;
  /**
   * Aborted when the transport takes it back: unless it is being handled it is dropped then, for it will be delivered
   * again, here or in another process.
   */
  readonly revoked?: AbortSignal;
  /** What is wrong with an event that can't be read. It is parked in its place among those of its key. */
  readonly unreadable?: Error;
}

/** How a listening service takes its events: one try, in its own transaction, and what to do when tries are used up. */
export interface EventListener {
  readonly service: string;
  readonly types: ReadonlySet<string>;
  /** Tries until the event is handled, known already, or parked. Order per key is kept among accepted events. */
  accept(delivery: Delivery): void;
}

/** The one interface with two implementations: `EmbeddedBus`, and `KafkaBus`. */
export interface EventTransport {
  sinks(producer: string): Iterable<EventSink>;
  /** Called when a sink appears; gives back how to stop listening. */
  onSinksChanged(changed: () => void): () => void;
  /** Events flow to the listener from now until the given function has been awaited. */
  listen(listener: EventListener): Promise<() => Promise<void>>;
}
