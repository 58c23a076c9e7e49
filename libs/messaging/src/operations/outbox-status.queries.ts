import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { RELAY_LOCK } from '../relay.queries.js';

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

export async function readOutboxStatus(em: EntityManager): Promise<OutboxStatus> {
  const [classId, objectId] = RELAY_LOCK;
  const [outbox] = await em.execute<{ rows: string; refused: string; active: boolean }[]>(sql`
    SELECT (SELECT count(*) FROM outbox_event) AS rows,
      (SELECT count(*) FROM outbox_event WHERE refused_at IS NOT NULL) AS refused,
      EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND classid = ${classId}::oid AND objid = ${objectId}::oid
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS active`);
  const sinks = await em.execute<(Omit<SinkStatus, 'behind'> & { behind: string })[]>(sql`
    SELECT c.sink, pending.behind, extract(epoch FROM clock_timestamp() - pending.oldest)::float8 AS "oldestSeconds",
      c.updated_at AS "movedAt"
    FROM outbox_cursor c CROSS JOIN LATERAL (
      SELECT count(*) AS behind, min(created_at) AS oldest FROM outbox_event e WHERE (e.xid, e.id) > (c.xid, c.id)
    ) AS pending ORDER BY c.sink`);
  return {
    rows: Number(outbox?.rows ?? 0),
    refused: Number(outbox?.refused ?? 0),
    relayActive: outbox?.active === true,
    sinks: sinks.map((sink) => ({ ...sink, behind: Number(sink.behind) })),
  };
}
