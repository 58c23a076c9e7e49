import type { Delivery } from './transport.js';

/** The result of a try: the event is processed, or is to be retried after a delay. */
export type TryResult = { processed: true } | { processed: false; retryInMs: number };

interface QueuedDelivery {
  delivery: Delivery;
  tries: number;
}

interface KeyQueue {
  readonly name: string;
  readonly deliveries: QueuedDelivery[];
  timer: NodeJS.Timeout | undefined;
}

/**
 * Processes events of one topic and key in order, and events of different keys concurrently (≤ `concurrency`).
 * A key that waits for a retry occupies no slot, so it delays no other key.
 */
export class KeyedEventQueue {
  readonly #queues = new Map<string, KeyQueue>();
  readonly #ready: KeyQueue[] = [];
  #active = 0;
  #stopped = false;
  #onIdle: (() => void) | undefined;

  constructor(
    private readonly concurrency: number,
    /** Must not reject. */
    private readonly attempt: (delivery: Delivery, tries: number) => Promise<TryResult>,
  ) {}

  push(delivery: Delivery): void {
    if (this.#stopped) return;
    const { id, topic, key } = delivery.event;
    const name = `${topic}\n${key}`;
    const queue = this.#queues.get(name);
    if (!queue) {
      const created: KeyQueue = { name, deliveries: [{ delivery, tries: 0 }], timer: undefined };
      this.#queues.set(name, created);
      this.#ready.push(created);
      this.#startReady();
      return;
    }
    const [head] = queue.deliveries;
    // Revoked while its handler ran, and delivered again: the count of tries continues.
    if (head?.delivery.event.id === id && isRevoked(head)) head.delivery = delivery;
    else queue.deliveries.push({ delivery, tries: 0 });
  }

  /**
   * Starts no more handlers and resolves when the running ones have finished. Queued events are dropped: the transport
   * will deliver them again.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const queue of this.#queues.values()) clearTimeout(queue.timer);
    this.#ready.length = 0;
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #startReady(): void {
    while (!this.#stopped && this.#active < this.concurrency) {
      const queue = this.#ready.shift();
      if (!queue) return;
      this.#active += 1;
      void this.#processHead(queue);
    }
  }

  async #processHead(queue: KeyQueue): Promise<void> {
    while (queue.deliveries[0] && isRevoked(queue.deliveries[0])) queue.deliveries.shift();
    const [head] = queue.deliveries;
    if (head) {
      head.tries += 1;
      const result = await this.attempt(head.delivery, head.tries);
      if (result.processed) {
        queue.deliveries.shift();
        head.delivery.onProcessed();
        this.#requeue(queue);
      } else if (!this.#stopped) {
        queue.timer = setTimeout(() => {
          this.#ready.push(queue);
          this.#startReady();
        }, result.retryInMs);
      }
    } else {
      this.#requeue(queue);
    }
    this.#active -= 1;
    if (this.#stopped && this.#active === 0) this.#onIdle?.();
    this.#startReady();
  }

  #requeue(queue: KeyQueue): void {
    if (queue.deliveries.length > 0) this.#ready.push(queue);
    else this.#queues.delete(queue.name);
  }
}

function isRevoked({ delivery }: QueuedDelivery): boolean {
  return delivery.revoked?.aborted === true;
}
