import type { EventEnvelope } from '../envelope.js';

export interface ReadOptions {
  /** Without: all. */
  topics?: readonly string[];
  /** `now`: what is told from here on. */
  from: 'start' | 'now';
  /** Goes on until this is aborted; without, to the end as it was when the reading began, or a little further. */
  follow?: AbortSignal;
}

/** Events that have been told, for operators: as far back as they are kept, in order per key. */
export interface EventSource {
  /** In batches, the next one read when it is asked for. */
  read(options: ReadOptions): AsyncIterable<readonly EventEnvelope[]>;
}
