import { Problem } from '@roost/platform';

const RETRY_AFTER_SECONDS = 2;

/** Limits how many tasks run in this process, and how many wait, in the order of the calls. */
export class WorkSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(
    max: number,
    private readonly maxWaiting: number,
  ) {
    this.#free = max;
  }

  /** Throws 503 `service.unavailable` at once if `maxWaiting` tasks are waiting. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  async #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.length >= this.maxWaiting) {
      throw new Problem('service.unavailable', undefined, {}, { 'retry-after': String(RETRY_AFTER_SECONDS) });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The slot passes to the task that has waited for longest. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
