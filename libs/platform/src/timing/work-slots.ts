import { Problem } from '../errors/problem.js';

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

  /**
   * Throws 503 `service.unavailable` at once if `maxWaiting` tasks are waiting, and the reason of the signal if it is aborted
   * before the task starts.
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  async #take(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.length >= this.maxWaiting) {
      throw new Problem('service.unavailable', undefined, {}, { 'retry-after': String(RETRY_AFTER_SECONDS) });
    }
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1);
        reject(signal?.reason as Error);
      };
      this.#waiting.push(start);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** The slot passes to the task that has waited for longest. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
