import type { EventEnvelope } from './envelope.js';
import type { EventListener, EventSink, EventTransport } from './transport.js';

/** The services of one process: each relay hands its events straight to the listeners beside it. */
export class EmbeddedBus implements EventTransport {
  readonly #listeners = new Map<string, EventListener>();
  readonly #watchers = new Set<() => void>();

  *sinks(): Iterable<EventSink> {
    for (const listener of this.#listeners.values()) {
      yield {
        name: listener.service,
        wants: (type: string) => listener.types.has(type),
        send: (event: EventEnvelope, settled: () => void) => listener.accept(event, settled),
      };
    }
  }

  onSinksChanged(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  async listen(listener: EventListener): Promise<() => Promise<void>> {
    if (this.#listeners.has(listener.service)) {
      throw new Error(`${listener.service} listens on this bus already`);
    }
    this.#listeners.set(listener.service, listener);
    this.#changed();
    return async () => {
      this.#listeners.delete(listener.service);
      this.#changed();
    };
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
