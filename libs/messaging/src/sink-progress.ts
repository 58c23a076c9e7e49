import type { Refusal } from './relay-connection.js';
import type { Position } from './relay.queries.js';
import type { OnProcessed } from './transport.js';

/** The maximum of events sent to a sink and not processed yet. A slower sink is read separately from then on. */
const WINDOW = 1000;

/** How far the events for one sink have been read, and up to where all of them are processed. */
export class SinkProgress {
  readonly #pending: { position: Position; processed: boolean }[] = [];
  /** The last position read for the sink. */
  read: Position;
  /** The cursor as stored in the database. */
  saved: Position;
  /** All events up to this position are processed. */
  processed: Position | undefined;
  /** Refusals that are not stored yet. */
  readonly refused: Refusal[] = [];

  constructor(
    position: Position,
    private readonly onNoLongerFull: () => void,
  ) {
    this.read = position;
    this.saved = position;
  }

  get full(): boolean {
    return this.#pending.length >= WINDOW;
  }

  /** Adds an event that is sent to the sink. Returns the callback for when the sink has processed it. */
  add(position: Position): OnProcessed {
    const entry = { position, processed: false };
    this.#pending.push(entry);
    return (refusalCode) => {
      entry.processed = true;
      if (refusalCode !== undefined) this.refused.push({ position, code: refusalCode });
      this.#advance();
    };
  }

  /** Passes an event that the sink does not want. */
  skip(position: Position): void {
    this.add(position)();
  }

  #advance(): void {
    let count = 0;
    for (const entry of this.#pending) {
      if (!entry.processed) break;
      this.processed = entry.position;
      count += 1;
    }
    const wasFull = this.full;
    this.#pending.splice(0, count);
    if (wasFull && !this.full) this.onNoLongerFull();
  }
}
