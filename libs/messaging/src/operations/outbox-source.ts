import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { EventEnvelope } from '../envelope.js';
import {
  type Position,
  READ_OUTBOX,
  samePosition,
  START,
  type StoredEvent,
  toOutboxRow,
} from '../relay.queries.js';
import type { EventSource, ReadOptions } from './event-source.js';
import { endOfOutbox } from './outbox-end.queries.js';

const BATCH = 500;
const POLL_MS = 200;

/** Reads events from the producers' outboxes: facts as long as they are retained, and the newest state event of each key. */
export class OutboxSource implements EventSource {
  /** A connection to the database of each service, by the service's name. */
  constructor(private readonly producers: ReadonlyMap<string, ClientBase>) {}

  async *read({ topics, from, follow }: ReadOptions): AsyncGenerator<readonly EventEnvelope[]> {
    const requested = topics && new Set(topics);
    const positions = new Map<string, Position>();
    for (const [service, client] of this.producers) {
      positions.set(service, from === 'start' ? START : await endOfOutbox(client));
    }
    for (;;) {
      let read = 0;
      for (const [service, client] of this.producers) {
        for (;;) {
          const position = positions.get(service) ?? START;
          const { rows } = await client.query<StoredEvent>({
            ...READ_OUTBOX,
            values: [position.xid, position.id, BATCH],
          });
          const found = rows.map((row) => toOutboxRow(row, `/${service}`));
          const last = found.at(-1)?.position;
          if (!last || samePosition(last, position)) break;
          read += found.length;
          positions.set(service, last);
          const events = found.map(({ event }) => event).filter(({ topic }) => requested?.has(topic) ?? true);
          if (events.length > 0) yield events;
          if (follow?.aborted) return;
          if (found.length < BATCH) break;
        }
      }
      if (!follow) return;
      if (read === 0) await sleep(POLL_MS, undefined, { signal: follow }).catch(() => undefined);
      if (follow.aborted) return;
    }
  }
}
