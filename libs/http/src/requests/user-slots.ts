import { type ErrorCode, Problem } from '@roost/platform';

/** Limits the requests of one user that run at the same time in this process. */
export class UserSlots {
  readonly #taken = new Map<string, number>();

  constructor(
    private readonly max: number,
    private readonly code: ErrorCode,
  ) {}

  /** Returns a function that frees the slot. Throws the 429 of the code if the user has none left. */
  take(user: string): () => void {
    const taken = this.#taken.get(user) ?? 0;
    if (taken >= this.max) throw new Problem(this.code, undefined, {}, { 'retry-after': '1' });
    this.#taken.set(user, taken + 1);
    return () => {
      const remaining = (this.#taken.get(user) ?? 1) - 1;
      if (remaining > 0) this.#taken.set(user, remaining);
      else this.#taken.delete(user);
    };
  }
}
