import { type EntityManager, sql } from '@mikro-orm/postgresql';

/**
 * Stores a request; a redelivered one changes nothing. Another request of the same user, as after a restore of identity, starts
 * again.
 */
export async function addErasure(
  em: EntityManager,
  { userId, requestId }: { userId: string; requestId: string },
  dueAt: Date,
): Promise<void> {
  await em.execute(sql`
    INSERT INTO account_erasure (user_id, request_id, due_at) VALUES (${userId}, ${requestId}, ${dueAt})
    ON CONFLICT (user_id) DO UPDATE SET request_id = excluded.request_id, due_at = excluded.due_at, last = false
      WHERE account_erasure.request_id <> excluded.request_id`);
}

/** The users whose erasure is due, in the order of their due instants. */
export async function dueErasures(em: EntityManager, now: Date, limit: number): Promise<string[]> {
  const rows = await em.execute<{ userId: string }[]>(sql`
    SELECT user_id AS "userId" FROM account_erasure WHERE due_at <= ${now} ORDER BY due_at LIMIT ${limit}`);
  return rows.map(({ userId }) => userId);
}

/** Locks a due erasure; null if it is not due or another replica processes it. `last`: the second and last run is due. */
export async function lockErasure(
  em: EntityManager,
  userId: string,
  now: Date,
): Promise<{ requestId: string; last: boolean } | null> {
  const [row] = await em.execute<{ requestId: string; last: boolean }[]>(sql`
    SELECT request_id AS "requestId", last FROM account_erasure
    WHERE user_id = ${userId} AND due_at <= ${now} FOR UPDATE SKIP LOCKED`);
  return row ?? null;
}

/** Of an erasure that failed or is not complete, so that the others come first. */
export async function postponeErasure(em: EntityManager, userId: string, dueAt: Date): Promise<void> {
  await em.execute(sql`
    UPDATE account_erasure SET due_at = ${dueAt} WHERE user_id = ${userId} AND due_at IS NOT NULL`);
}

export async function finishErasure(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`UPDATE account_erasure SET due_at = NULL WHERE user_id = ${userId}`);
}

export async function scheduleLastErasure(em: EntityManager, userId: string, dueAt: Date): Promise<void> {
  await em.execute(sql`UPDATE account_erasure SET due_at = ${dueAt}, last = true WHERE user_id = ${userId}`);
}

/**
 * Deletes the responses that are stored for repeated requests, and the keys of requests that never ended: they contain what
 * the user sent.
 */
export async function deleteStoredResponses(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`
    DELETE FROM idempotency_key WHERE user_id = ${userId} AND (status IS NOT NULL OR lease_until < now())`);
}
