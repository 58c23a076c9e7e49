import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';

export async function countDeadLetters(em: EntityManager): Promise<number> {
  return read(em, sql`SELECT count(*)::float8 AS value FROM dead_letter`);
}

/** The age of the first event behind the slowest cursor, in seconds; 0 if every sink has processed all events. */
export async function oldestPendingSeconds(em: EntityManager): Promise<number> {
  return read(
    em,
    sql`
    SELECT coalesce((
      SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM outbox_event
      WHERE (xid, id) > (SELECT xid, id FROM outbox_cursor ORDER BY xid, id LIMIT 1)
      ORDER BY xid, id LIMIT 1), 0) AS value`,
  );
}

export async function countRefusedEvents(em: EntityManager): Promise<number> {
  return read(em, sql`SELECT count(*)::float8 AS value FROM outbox_event WHERE refused_at IS NOT NULL`);
}

async function read(em: EntityManager, statement: RawQueryFragment): Promise<number> {
  const [row] = await em.execute<{ value: number }[]>(statement);
  return Number(row?.value);
}
