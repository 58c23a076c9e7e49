import type { EventEnvelope } from './envelope.js';

/** What a try came to: the event is settled, or is to be tried again after a while. */
export type Verdict = { settled: true } | { settled: false; retryInMs: number };

interface Waiting {
  readonly event: EventEnvelope;
  readonly settled: () => void;
  tries: number;
}

interface Lane {
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
    private readonly attempt: (event: EventEnvelope, tries: number) => Promise<Verdict>,
  ) {}

  get backlog(): number {
    let waiting = 0;
    for (const lane of this.#lanes.values()) waiting += lane.queue.length;
    return waiting;
  }

  push(event: EventEnvelope, settled: () => void): void {
    if (this.#stopped) return;
    const name = `${event.topic}\n${event.key}`;
    const lane = this.#lanes.get(name);
    const waiting: Waiting = { event, settled, tries: 0 };
    if (lane) {
      lane.queue.push(waiting);
      return;
    }
    const opened: Lane = { queue: [waiting], timer: undefined };
    this.#lanes.set(name, opened);
    this.#ready.push(opened);
    this.#fill();
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
    const head = lane.queue[0];
    if (head) {
      head.tries += 1;
      const verdict = await this.attempt(head.event, head.tries);
      if (verdict.settled) {
        lane.queue.shift();
        head.settled();
        this.#leave(lane, head.event);
      } else if (!this.#stopped) {
        lane.timer = setTimeout(() => {
          this.#ready.push(lane);
          this.#fill();
        }, verdict.retryInMs);
      }
    }
    this.#active -= 1;
    if (this.#stopped && this.#active === 0) this.#idle?.();
    this.#fill();
  }

  #leave(lane: Lane, { topic, key }: EventEnvelope): void {
    if (lane.queue.length > 0) {
      this.#ready.push(lane);
    } else {
      this.#lanes.delete(`${topic}\n${key}`);
    }
  }
}
