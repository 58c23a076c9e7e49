/** For operators' processes, which have a pg client and no MikroORM; hence `$1` parameters, not the `sql` template. */
import type { ClientBase } from 'pg';
import { type Position, RELAY_LOCK, START } from '../relay.queries.js';

/** How many events of one service's outbox have been published. */
export interface OutboxStatus {
  readonly rows: number;
  /** Events that the broker refused and that require an operator. */
  readonly refused: number;
  /** Whether any process holds the relay's lock. */
  readonly relayActive: boolean;
  readonly sinks: readonly SinkStatus[];
}

export interface SinkStatus {
  /** The listening service, or `kafka`. */
  readonly sink: string;
  /** Events behind its cursor, including those of types that it skips. */
  readonly behind: number;
  /** The age of the oldest of them; null if there is none. */
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
    `SELECT c.sink, c.updated_at, pending.behind, extract(epoch FROM clock_timestamp() - pending.oldest)::float8 AS oldest_seconds
     FROM outbox_cursor c CROSS JOIN LATERAL (
       SELECT count(*) AS behind, min(created_at) AS oldest FROM outbox_event e WHERE (e.xid, e.id) > (c.xid, c.id)
     ) AS pending ORDER BY c.sink`,
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

/** The position behind all events of transactions that have ended. Events of running transactions sort after it. */
export async function endOfOutbox(client: ClientBase): Promise<Position> {
  const { rows } = await client.query<{ xid: string }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid',
  );
  return { xid: rows[0]?.xid ?? START.xid, id: START.id };
}
