/** How far the messages of one partition have been received and processed, in any order of processing. */
export class PartitionProgress {
  /** Received messages that are not behind `committable`, in order; a dense array from `#head` on. */
  #pending: { readonly next: string; processed: boolean }[] = [];
  #head = 0;
  #unprocessed = 0;
  #committable: string | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** The number of messages that are not processed. */
  get unprocessed(): number {
    return this.#unprocessed;
  }

  /** The number of messages from the first unprocessed one to the last received one. */
  get span(): number {
    return this.#pending.length - this.#head;
  }

  /** The offset to continue from after a restart: all messages before it are processed. Undefined if none is processed. */
  get committable(): string | undefined {
    return this.#committable;
  }

  /** Adds a received message. Returns the callback for when it is processed. */
  add(offset: string): () => void {
    const entry = { next: (BigInt(offset) + 1n).toString(), processed: false };
    this.#pending.push(entry);
    this.#unprocessed += 1;
    return () => {
      if (entry.processed) return;
      entry.processed = true;
      this.#unprocessed -= 1;
      this.#advance();
    };
  }

  #advance(): void {
    for (let entry = this.#pending[this.#head]; entry?.processed; entry = this.#pending[this.#head]) {
      this.#committable = entry.next;
      this.#head += 1;
    }
    if (this.#head > 1000 || this.#head === this.#pending.length) {
      this.#pending = this.#pending.slice(this.#head);
      this.#head = 0;
    }
  }
}
