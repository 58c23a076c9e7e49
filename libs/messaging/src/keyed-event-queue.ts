import type { Delivery } from './transport.js';

/** What a try came to: the event is settled, or is to be tried again after a while. */
export type Verdict = { settled: true } | { settled: false; retryInMs: number };

interface Waiting {
  delivery: Delivery;
  tries: number;
}

interface Lane {
  readonly name: string;
  readonly queue: Waiting[];
  timer: NodeJS.Timeout | undefined;
}

/**
 * Events of one topic and key one after the other, of different keys at the same time (≤ `concurrency`).
 * A key whose event is to be tried again later waits without taking a place, so that it stalls nobody.
 */
export class EventLanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  #active = 0;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(
    private readonly concurrency: number,
    /** Never rejects. */
    private readonly attempt: (delivery: Delivery, tries: number) => Promise<Verdict>,
  ) {}

  get backlog(): number {
    let waiting = 0;
    for (const lane of this.#lanes.values()) waiting += lane.queue.length;
    return waiting;
  }

  push(delivery: Delivery): void {
    if (this.#stopped) return;
    const { id, topic, key } = delivery.event;
    const name = `${topic}\n${key}`;
    const lane = this.#lanes.get(name);
    if (!lane) {
      const opened: Lane = { name, queue: [{ delivery, tries: 0 }], timer: undefined };
      this.#lanes.set(name, opened);
      this.#ready.push(opened);
      this.#fill();
      return;
    }
    const [head] = lane.queue;
    // Taken back while in work, and given again: its tries go on.
    if (head?.delivery.event.id === id && isRevoked(head)) head.delivery = delivery;
    else lane.queue.push({ delivery, tries: 0 });
  }

  /** Starts nothing more; resolves when what is being handled has come to an end. What waits will be delivered again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const lane of this.#lanes.values()) clearTimeout(lane.timer);
    this.#ready.length = 0;
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #fill(): void {
    while (!this.#stopped && this.#active < this.concurrency) {
      const lane = this.#ready.shift();
      if (!lane) return;
      this.#active += 1;
      void this.#step(lane);
    }
  }

  async #step(lane: Lane): Promise<void> {
    while (lane.queue[0] && isRevoked(lane.queue[0])) lane.queue.shift();
    const [head] = lane.queue;
    if (head) {
      head.tries += 1;
      const verdict = await this.attempt(head.delivery, head.tries);
      if (verdict.settled) {
        lane.queue.shift();
        head.delivery.settled();
        this.#leave(lane);
      } else if (!this.#stopped) {
        lane.timer = setTimeout(() => {
          this.#ready.push(lane);
          this.#fill();
        }, verdict.retryInMs);
      }
    } else {
      this.#leave(lane);
    }
    this.#active -= 1;
    if (this.#stopped && this.#active === 0) this.#idle?.();
    this.#fill();
  }

  #leave(lane: Lane): void {
    if (lane.queue.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.name);
  }
}

function isRevoked({ delivery }: Waiting): boolean {
  return delivery.revoked?.aborted === true;
}
