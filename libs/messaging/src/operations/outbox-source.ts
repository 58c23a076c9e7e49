import { setTimeout as pause } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { EventEnvelope } from '../envelope.js';
import {
  type Position,
  READ_OUTBOX,
  samePosition,
  START,
  type StoredEvent,
  toOutboxRow,
} from '../outbox-reader.js';
import type { EventSource, ReadOptions } from './event-source.js';

const BATCH = 500;
const LOOK_EVERY_MS = 200;

/** Reads events where they were written: facts for as long as the outbox keeps them, of states the newest for ever. */
export class OutboxSource implements EventSource {
  /** A connection to the database of each service, by the service's name. */
  constructor(private readonly producers: ReadonlyMap<string, ClientBase>) {}

  async *read({ topics, from, follow }: ReadOptions): AsyncGenerator<readonly EventEnvelope[]> {
    const wanted = topics && new Set(topics);
    const places = new Map<string, Position>();
    for (const [service, client] of this.producers) {
      places.set(service, from === 'start' ? START : await present(client));
    }
    for (;;) {
      let read = 0;
      for (const [service, client] of this.producers) {
        for (;;) {
          const place = places.get(service) ?? START;
          const { rows } = await client.query<StoredEvent>({
            ...READ_OUTBOX,
            values: [place.xid, place.id, BATCH],
          });
          const found = rows.map((row) => toOutboxRow(row, `/${service}`));
          const last = found.at(-1)?.position;
          if (!last || samePosition(last, place)) break;
          read += found.length;
          places.set(service, last);
          const events = found.map(({ event }) => event).filter(({ topic }) => wanted?.has(topic) ?? true);
          if (events.length > 0) yield events;
          if (follow?.aborted) return;
          if (found.length < BATCH) break;
        }
      }
      if (!follow) return;
      if (read === 0) await pause(LOOK_EVERY_MS, undefined, { signal: follow }).catch(() => undefined);
      if (follow.aborted) return;
    }
  }
}

/** Behind all that has ended: transactions still running will sort after it. */
async function present(client: ClientBase): Promise<Position> {
  const { rows } = await client.query<{ xid: string }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid',
  );
  return { xid: rows[0]?.xid ?? START.xid, id: START.id };
}
