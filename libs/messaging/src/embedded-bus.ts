import type { EventListener, EventSink, EventTransport } from './transport.js';

/** Connects the services of one process: each relay passes its events directly to the listeners. */
export class EmbeddedBus implements EventTransport {
  readonly #sinks = new Map<string, EventSink>();
  readonly #watchers = new Set<() => void>();

  sinks(): Iterable<EventSink> {
    return this.#sinks.values();
  }

  onSinksChanged(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  async listen(listener: EventListener): Promise<() => Promise<void>> {
    if (this.#sinks.has(listener.service)) {
      throw new Error(`${listener.service} already listens on this bus`);
    }
    this.#sinks.set(listener.service, {
      name: listener.service,
      wants: (type) => listener.types.has(type),
      send: (event, onProcessed) => listener.accept({ event, onProcessed: onProcessed }),
    });
    this.#notifyWatchers();
    return async () => {
      this.#sinks.delete(listener.service);
      this.#notifyWatchers();
    };
  }

  #notifyWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
