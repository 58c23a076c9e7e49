import type { ClientBase } from 'pg';

/** An event that the broker did not take and that no try would bring through. */
export interface RefusedEvent {
  readonly id: string;
  readonly type: string;
  readonly topic: string;
  readonly key: string;
  /** The broker's word for it. */
  readonly code: string;
  readonly bytes: number;
  readonly refusedAt: Date;
}

const MATCHES = `refused_at IS NOT NULL AND ($1::uuid IS NULL OR id = $1)`;

/** In the order in which they were written; `id`: only this one. */
export async function listRefused(client: ClientBase, id: string | null, limit: number) {
  const { rows } = await client.query<RefusedEvent>(
    `SELECT id, type, topic, key, refusal AS code, octet_length(body::text) AS bytes, refused_at AS "refusedAt"
     FROM outbox_event WHERE ${MATCHES} ORDER BY xid, id LIMIT $2`,
    [id, limit],
  );
  return rows;
}

/**
 * Puts them at the end of the outbox, in their order, so that the relay tells them now. They keep their ids and times:
 * a listener that has a newer state of the key drops them, one that has handled them knows them. Gives back how many.
 */
export async function resendRefused(client: ClientBase, id: string | null): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE outbox_event SET xid = pg_current_xact_id(), refusal = NULL, refused_at = NULL WHERE ${MATCHES}`,
    [id],
  );
  return rowCount ?? 0;
}

/** Gives them up: nobody is told, and their rows go with the outbox's retention. Gives back how many. */
export async function discardRefused(client: ClientBase, id: string | null): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE outbox_event SET refusal = NULL, refused_at = NULL WHERE ${MATCHES}`,
    [id],
  );
  return rowCount ?? 0;
}
