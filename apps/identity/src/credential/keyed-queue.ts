/** Runs the tasks of one key one at a time, in the order of the calls. */
export class KeyedQueue {
  readonly #last = new Map<string, { done: Promise<unknown>; pending: number }>();

  constructor(private readonly maxPending: number) {}

  /** Runs `task` after the earlier tasks of `key`. Throws `overflow()` at once if `maxPending` tasks of the key are pending. */
  async run<T>(key: string, task: () => Promise<T>, overflow: () => Error): Promise<T> {
    const before = this.#last.get(key);
    const pending = (before?.pending ?? 0) + 1;
    if (pending > this.maxPending) throw overflow();
    const result = (before?.done ?? Promise.resolve()).then(task);
    const entry = { done: result.catch(() => undefined), pending };
    this.#last.set(key, entry);
    try {
      return await result;
    } finally {
      const last = this.#last.get(key);
      if (last) last.pending -= 1;
      if (last === entry) this.#last.delete(key);
    }
  }
}
