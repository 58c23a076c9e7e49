import type { EventEnvelope } from '../envelope.js';

export interface ReadOptions {
  /** Default: all topics. */
  topics?: readonly string[];
  /** `now`: only events that are published from now on. */
  from: 'start' | 'now';
  /** Keeps reading until aborted. Without it, reads to the end as it was at the start of the read, or a little further. */
  follow?: AbortSignal;
}

/** Reads published events, for operators: as far back as they are retained, in order per key. */
export interface EventSource {
  /** Yields batches; reads the next one on demand. */
  read(options: ReadOptions): AsyncIterable<readonly EventEnvelope[]>;
}
