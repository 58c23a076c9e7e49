import { Injectable } from '@nestjs/common';

/** Real time: for tokens, leases, signatures, rate limits and idempotency. */
@Injectable()
export class SystemClock {
  now(): Date {
    return new Date();
  }
}

type Listener = () => unknown;

/** Domain time: what the rules call now. Development and tests move it; every process sees the same. */
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

  /** Calls back whenever the clock has been moved; gives a function that ends it. */
  onMove(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sets the distance to system time and waits for what hangs on it (due work is swept). */
  async moveTo(offsetMillis: number): Promise<void> {
    this.#offsetMillis = offsetMillis;
    const results = await Promise.allSettled([...this.#listeners].map(async (listener) => listener()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
