import { type EntityManager, sql } from '@mikro-orm/postgresql';

export async function insertErasureRequest(
  em: EntityManager,
  { userId, requestId, requestedAt }: { userId: string; requestId: string; requestedAt: Date },
): Promise<void> {
  await em.execute(sql`
    INSERT INTO erasure_request (user_id, request_id, requested_at) VALUES (${userId}, ${requestId}, ${requestedAt})`);
}

/** Records that a service has erased a user, and returns the services that have; null for an unknown or completed request. */
export async function recordCompletion(
  em: EntityManager,
  { userId, requestId }: { userId: string; requestId: string },
  service: string,
): Promise<string[] | null> {
  const [row] = await em.execute<{ services: string[] }[]>(sql`
    UPDATE erasure_request SET completed_by = array_append(array_remove(completed_by, ${service}), ${service})
    WHERE user_id = ${userId} AND request_id = ${requestId} AND completed_at IS NULL
    RETURNING completed_by AS services`);
  return row?.services ?? null;
}

export async function completeErasureRequest(em: EntityManager, userId: string, now: Date): Promise<void> {
  await em.execute(sql`UPDATE erasure_request SET completed_at = ${now} WHERE user_id = ${userId}`);
}

/** The requests that are not completed after an hour; reads a partial index. */
export async function readOverdueErasures(em: EntityManager): Promise<{ count: number }> {
  const [row] = await em.execute<[{ count: number }]>(sql`
    SELECT count(*)::float8 AS count FROM erasure_request
    WHERE completed_at IS NULL AND requested_at < clock_timestamp() - interval '1 hour'`);
  return row;
}
