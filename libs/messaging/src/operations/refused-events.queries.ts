/** For operators' processes, which have a pg client and no MikroORM; hence `$1` parameters, not the `sql` template. */
import type { ClientBase } from 'pg';

/** An event that the broker refused and that no retry can deliver. */
export interface RefusedEvent {
  readonly id: string;
  readonly type: string;
  readonly topic: string;
  readonly key: string;
  /** The broker's error code. */
  readonly code: string;
  readonly bytes: number;
  readonly refusedAt: Date;
}

const MATCHES = `refused_at IS NOT NULL AND ($1::uuid IS NULL OR id = $1)`;

/** In the order of the outbox. `id`: only this event. */
export async function listRefused(client: ClientBase, id: string | null, limit: number) {
  const { rows } = await client.query<RefusedEvent>(
    `SELECT id, type, topic, key, refusal AS code, octet_length(body::text) AS bytes, refused_at AS "refusedAt"
     FROM outbox_event WHERE ${MATCHES} ORDER BY xid, id LIMIT $2`,
    [id, limit],
  );
  return rows;
}

/**
 * Moves refused events to the end of the outbox, in their order, so that the relay publishes them again. They keep their
 * ids and times: a listener drops a state event that is not newer, and an event that it has handled. Returns the number
 * of events.
 */
export async function resendRefused(client: ClientBase, id: string | null): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE outbox_event SET xid = pg_current_xact_id(), refusal = NULL, refused_at = NULL WHERE ${MATCHES}`,
    [id],
  );
  return rowCount ?? 0;
}

/** Discards refused events: they are never published, and outbox retention deletes their rows. Returns the number of events. */
export async function discardRefused(client: ClientBase, id: string | null): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE outbox_event SET refusal = NULL, refused_at = NULL WHERE ${MATCHES}`,
    [id],
  );
  return rowCount ?? 0;
}
