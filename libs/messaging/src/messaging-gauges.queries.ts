import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface MessagingState {
  deadLetters: number;
  oldestDeadLetterSeconds: number;
  quarantinedKeys: number;
  /** The age of the first event behind the slowest cursor; 0 if every sink has processed all events. */
  oldestPendingSeconds: number;
  refusedEvents: number;
}

/** The table of dead letters is small as a rule; the other parts use an index. */
export async function readMessagingState(em: EntityManager): Promise<MessagingState> {
  const [state] = await em.execute<MessagingState[]>(sql`
    SELECT dead.count AS "deadLetters", dead.oldest AS "oldestDeadLetterSeconds", dead.keys AS "quarantinedKeys",
      coalesce((
        SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM outbox_event
        WHERE (xid, id) > (SELECT xid, id FROM outbox_cursor ORDER BY xid, id LIMIT 1)
        ORDER BY xid, id LIMIT 1), 0) AS "oldestPendingSeconds",
      (SELECT count(*)::float8 FROM outbox_event WHERE refused_at IS NOT NULL) AS "refusedEvents"
    FROM (
      SELECT count(*)::float8 AS count, count(DISTINCT (topic, key))::float8 AS keys,
        coalesce(extract(epoch FROM clock_timestamp() - min(parked_at))::float8, 0) AS oldest
      FROM dead_letter) dead`);
  if (!state) throw new Error('PostgreSQL returned no row');
  return state;
}
