import type { EventListener, EventSink, EventTransport } from './transport.js';

/** The services of one process: each relay hands its events straight to the listeners beside it. */
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
      throw new Error(`${listener.service} listens on this bus already`);
    }
    this.#sinks.set(listener.service, {
      name: listener.service,
      wants: (type) => listener.types.has(type),
      send: (event, settled) => listener.accept({ event, settled }),
    });
    this.#changed();
    return async () => {
      this.#sinks.delete(listener.service);
      this.#changed();
    };
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
