const HEARTBEAT_MS = 2_000;

/** Passes one value at a time from a producer to a consumer that asks for it; `null` at the end. */
export class HandOver<T> {
  #value: T | null = null;
  #ended = false;
  #failure: Error | null = null;
  #change = signal();

  /** Resolves when the value has been received. Calls `heartbeat` at least every two seconds meanwhile. */
  async put(value: T, heartbeat: () => Promise<void>): Promise<void> {
    if (this.#ended) return;
    this.#value = value;
    this.#notify();
    while (this.#value !== null && !this.#ended) {
      const changed = this.#change.promise;
      let timer: NodeJS.Timeout | undefined;
      const due = new Promise<void>((resolve) => (timer = setTimeout(resolve, HEARTBEAT_MS)));
      await Promise.race([changed, due]);
      clearTimeout(timer);
      await heartbeat();
    }
  }

  /** Throws the error that was given to `fail`. */
  async receive(): Promise<T | null> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const value = this.#value;
      if (value !== null) {
        this.#value = null;
        this.#notify();
        return value;
      }
      if (this.#ended) return null;
      await this.#change.promise;
    }
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#notify();
  }

  #notify(): void {
    const { resolve } = this.#change;
    this.#change = signal();
    resolve();
  }
}

function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => undefined as void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
