/**
 * How far one partition has been taken and settled. Everything before `committable` is settled, whatever the order in
 * which its messages were.
 */
export class PartitionProgress {
  /** Taken and not yet behind `committable`, in order; dense up to `#head`. */
  #open: { readonly next: string; settled: boolean }[] = [];
  #head = 0;
  #waiting = 0;
  #committable: string | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** Messages that are being handled or wait for it. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Messages from the first that is not settled on. */
  get span(): number {
    return this.#open.length - this.#head;
  }

  /** The offset to go on from after a restart; undefined while nothing has been settled. */
  get committable(): string | undefined {
    return this.#committable;
  }

  /** Gives back what to call once the message is settled. */
  take(offset: string): () => void {
    const entry = { next: (BigInt(offset) + 1n).toString(), settled: false };
    this.#open.push(entry);
    this.#waiting += 1;
    return () => {
      if (entry.settled) return;
      entry.settled = true;
      this.#waiting -= 1;
      this.#advance();
    };
  }

  #advance(): void {
    for (let entry = this.#open[this.#head]; entry?.settled; entry = this.#open[this.#head]) {
      this.#committable = entry.next;
      this.#head += 1;
    }
    if (this.#head > 1000 || this.#head === this.#open.length) {
      this.#open = this.#open.slice(this.#head);
      this.#head = 0;
    }
  }
}
