import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { RELAY_LOCK } from '../relay.queries.js';

/** The highest count of events: counting all of a large outbox would take long. */
export const MAX_OUTBOX_COUNT = 100_001;

/** How many events of one service's outbox have been published. Counts are `MAX_OUTBOX_COUNT` at most. */
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

export async function readOutboxStatus(em: EntityManager, max = MAX_OUTBOX_COUNT): Promise<OutboxStatus> {
  const [classId, objectId] = RELAY_LOCK;
  const [outbox] = await em.execute<{ rows: string; refused: string; active: boolean }[]>(sql`
    SELECT (SELECT count(*) FROM (SELECT FROM outbox_event LIMIT ${max}) AS retained) AS rows,
      (SELECT count(*) FROM (SELECT FROM outbox_event WHERE refused_at IS NOT NULL LIMIT ${max}) AS refused) AS refused,
      EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND classid = ${classId}::oid AND objid = ${objectId}::oid
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS active`);
  const sinks = await em.execute<(Omit<SinkStatus, 'behind'> & { behind: string })[]>(sql`
    SELECT c.sink, pending.behind, extract(epoch FROM clock_timestamp() - pending.oldest)::float8 AS "oldestSeconds",
      c.updated_at AS "movedAt"
    FROM outbox_cursor c CROSS JOIN LATERAL (
      SELECT count(*) AS behind, min(created_at) AS oldest FROM (
        SELECT e.created_at FROM outbox_event e WHERE (e.xid, e.id) > (c.xid, c.id)
        ORDER BY e.xid, e.id LIMIT ${max}) AS events
    ) AS pending ORDER BY c.sink`);
  return {
    rows: Number(outbox?.rows ?? 0),
    refused: Number(outbox?.refused ?? 0),
    relayActive: outbox?.active === true,
    sinks: sinks.map((sink) => ({ ...sink, behind: Number(sink.behind) })),
  };
}
