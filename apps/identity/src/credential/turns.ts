/** Lets tasks of one key run one after the other, in the order they came. */
export class Turns {
  readonly #last = new Map<string, { done: Promise<unknown>; waiting: number }>();

  constructor(private readonly maxWaiting: number) {}

  /** Runs `task` when its turn comes, or `refuse` at once when too many are waiting. */
  async take<T>(key: string, task: () => Promise<T>, refuse: () => Error): Promise<T> {
    const before = this.#last.get(key);
    const waiting = (before?.waiting ?? 0) + 1;
    if (waiting > this.maxWaiting) throw refuse();
    const turn = (before?.done ?? Promise.resolve()).then(task);
    const entry = { done: turn.catch(() => undefined), waiting };
    this.#last.set(key, entry);
    try {
      return await turn;
    } finally {
      const last = this.#last.get(key);
      if (last) last.waiting -= 1;
      if (last === entry) this.#last.delete(key);
    }
  }
}
