import { Injectable } from '@nestjs/common';

/** System time: for tokens, leases, signatures, rate limits and idempotency. */
@Injectable()
export class SystemClock {
  now(): Date {
    return new Date();
  }
}

type Listener = () => unknown;

/** Domain time: the `now` of the rules. Development and tests can move it; it is the same in every process. */
@Injectable()
export class Clock {
  #offsetMillis = 0;
  readonly #listeners = new Set<Listener>();

  now(): Date {
    return new Date(Date.now() + this.#offsetMillis);
  }

  get offsetMillis(): number {
    return this.#offsetMillis;
  }

  /** Calls `listener` after each move of the clock. Returns a function that removes the listener. */
  onMove(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sets the offset to system time and waits for all listeners. Throws the first error of a listener. */
  async moveTo(offsetMillis: number): Promise<void> {
    this.#offsetMillis = offsetMillis;
    const results = await Promise.allSettled([...this.#listeners].map(async (listener) => listener()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
