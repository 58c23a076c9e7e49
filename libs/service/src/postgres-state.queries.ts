import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** The database of the service, as PostgreSQL counts it. Counts go on since the last reset of the statistics. */
export interface PostgresState {
  commits: number;
  rollbacks: number;
  deadlocks: number;
  cachedBlocks: number;
  readBlocks: number;
  temporaryBytes: number;
  sizeBytes: number;
  activeSessions: number;
  idleSessions: number;
  lockWaits: number;
  oldestTransactionSeconds: number;
}

/** A role sees the sessions of its own only, which are those of the service. */
export async function readPostgresState(em: EntityManager): Promise<PostgresState> {
  const [state] = await em.execute<PostgresState[]>(sql`
    SELECT d.xact_commit::float8 AS commits, d.xact_rollback::float8 AS rollbacks, d.deadlocks::float8 AS deadlocks,
      d.blks_hit::float8 AS "cachedBlocks", d.blks_read::float8 AS "readBlocks", d.temp_bytes::float8 AS "temporaryBytes",
      pg_database_size(d.datid)::float8 AS "sizeBytes", s.*
    FROM pg_stat_database d, (
      SELECT (count(*) FILTER (WHERE state <> 'idle'))::float8 AS "activeSessions",
        (count(*) FILTER (WHERE state = 'idle'))::float8 AS "idleSessions",
        (count(*) FILTER (WHERE wait_event_type = 'Lock'))::float8 AS "lockWaits",
        coalesce(extract(epoch FROM clock_timestamp() - min(xact_start))::float8, 0) AS "oldestTransactionSeconds"
      FROM pg_stat_activity WHERE datname = current_database()) s
    WHERE d.datname = current_database()`);
  if (!state) throw new Error('PostgreSQL returned no row');
  return state;
}
