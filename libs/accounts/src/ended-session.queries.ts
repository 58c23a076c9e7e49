import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';

const PRUNE_BATCH = 100;
/** Services accept expired tokens for a few seconds, because clocks differ. */
const KEPT_AFTER_EXPIRY_MS = 60_000;

/** Stores the end of a session, unless its tokens have expired, and deletes rows whose tokens have. */
export async function storeEndedSession(
  em: EntityManager,
  { sessionId, reason, tokensExpireAt }: EventBody<'session.ended'>,
  now: Date,
): Promise<void> {
  const expiredBefore = new Date(now.getTime() - KEPT_AFTER_EXPIRY_MS);
  if (new Date(tokensExpireAt) <= expiredBefore) return;
  await em.execute(sql`
    INSERT INTO ended_session (session_id, reason, tokens_expire_at)
    VALUES (${sessionId}, ${reason}, ${tokensExpireAt}) ON CONFLICT DO NOTHING`);
  await em.execute(sql`
    DELETE FROM ended_session WHERE session_id IN
      (SELECT session_id FROM ended_session WHERE tokens_expire_at < ${expiredBefore}
       LIMIT ${PRUNE_BATCH} FOR UPDATE SKIP LOCKED)`);
}

/** The reason why a session has ended; null for any other session. */
export async function findEndOfSession(em: EntityManager, sessionId: string): Promise<string | null> {
  const rows = await em.execute<{ reason: string }[]>(sql`
    SELECT reason FROM ended_session WHERE session_id = ${sessionId}`);
  return rows[0]?.reason ?? null;
}
