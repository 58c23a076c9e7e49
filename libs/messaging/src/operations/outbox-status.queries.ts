import type { ClientBase } from 'pg';
import { RELAY_LOCK } from '../outbox-reader.js';

/** How far events have gone out of one service's database. */
export interface OutboxStatus {
  readonly rows: number;
  /** Events that the broker has refused and that wait for an operator. */
  readonly refused: number;
  /** Some process holds the relay's lock. */
  readonly relayActive: boolean;
  readonly sinks: readonly SinkStatus[];
}

export interface SinkStatus {
  /** The listening service, or what carries the events on. */
  readonly sink: string;
  /** Events behind its cursor; those it does not want it passes by itself. */
  readonly behind: number;
  /** Age of the first of them; null when there is none. */
  readonly oldestSeconds: number | null;
  readonly movedAt: Date;
}

export async function readOutboxStatus(client: ClientBase): Promise<OutboxStatus> {
  const [outbox] = (
    await client.query<{ rows: string; refused: string; active: boolean }>(
      `SELECT (SELECT count(*) FROM outbox_event) AS rows,
         (SELECT count(*) FROM outbox_event WHERE refused_at IS NOT NULL) AS refused,
         EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1 AND objid = $2
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS active`,
      RELAY_LOCK,
    )
  ).rows;
  const { rows } = await client.query<{
    sink: string;
    behind: string;
    oldest_seconds: number | null;
    updated_at: Date;
  }>(
    `SELECT c.sink, c.updated_at, after.behind, extract(epoch FROM clock_timestamp() - after.oldest)::float8 AS oldest_seconds
     FROM outbox_cursor c CROSS JOIN LATERAL (
       SELECT count(*) AS behind, min(created_at) AS oldest FROM outbox_event e WHERE (e.xid, e.id) > (c.xid, c.id)
     ) AS after ORDER BY c.sink`,
  );
  return {
    rows: Number(outbox?.rows ?? 0),
    refused: Number(outbox?.refused ?? 0),
    relayActive: outbox?.active === true,
    sinks: rows.map(({ sink, behind, oldest_seconds, updated_at }) => ({
      sink,
      behind: Number(behind),
      oldestSeconds: oldest_seconds,
      movedAt: updated_at,
    })),
  };
}
